"""Being asked to stop (Ctrl-C, SIGTERM, a closed terminal), and waiting for things meanwhile.

Guarantees: a request to stop is never lost and never cuts a step in two. It is a flag; whoever waits looks at it, by
check, pause or wait_for, and `Stopped` then ends the command through its ordinary clean-up. A second request while
things are being ended sets `hurry`, which cuts the grace period of the services short.
"""

import signal
import threading
import time
from collections.abc import Callable


class Stopped(Exception):
    """The person or the system asked us to stop, by this signal."""

    def __init__(self, number: int | None = None) -> None:
        super().__init__()
        self.number = number or _first


requested = threading.Event()
hurry = threading.Event()
_first: int = signal.SIGTERM


def _on_signal(number: int, _frame: object) -> None:
    global _first
    if requested.is_set():
        hurry.set()
    else:
        _first = number
        requested.set()


def listen() -> None:
    """From now on signals set the flag. Who started us by nohup wants no notice taken of a closed terminal."""
    signal.signal(signal.SIGINT, _on_signal)
    signal.signal(signal.SIGTERM, _on_signal)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _on_signal)


def check() -> None:
    """Raises Stopped if we were asked to stop."""
    if requested.is_set():
        raise Stopped


def pause(seconds: float) -> None:
    """Waits, and raises Stopped as soon as we are asked to stop."""
    requested.wait(seconds)
    check()


def wait_for(condition: Callable[[], bool], seconds: float, every: float = 0.05) -> bool:
    """Waits until the condition holds, at most so long; says whether it does. Raises Stopped when asked to stop."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        pause(every)
    return True


def wait_regardless(condition: Callable[[], bool], seconds: float, cut_short: Callable[[], bool] = lambda: False) -> bool:
    """As wait_for, for use while ending things: a request to stop changes nothing, only `cut_short` does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline or cut_short():
            return False
        time.sleep(0.02)
    return True
