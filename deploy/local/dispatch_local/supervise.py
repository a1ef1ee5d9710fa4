"""Keeps the services and servers of `run` going, and shows what the services say.

Guarantees: what ends by itself is started again, with a line that says so, after a pause that doubles from half a second
to 30 s while it keeps ending soon; each line of a service's output has the service's name in front.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from . import stopping
from .problem import say
from .process import Process, how_it_ended
from .servers import Server, start, wait_and_fill
from .services import Service

_SHORTEST, _LONGEST = 0.5, 30.0
_LONG_ENOUGH = 60.0  # what ran so long before it ended is started again as if for the first time
_REMIND = 30.0


@dataclass
class _Kept:
    """A process that is started again when it ends."""

    process: Process
    start: Callable[[], None]
    hint: str = ""
    pause: float = _SHORTEST
    since: float = 0.0
    due: float | None = None  # when it is to be started again

    def look(self) -> None:
        """Sees to it; called again and again."""
        now = time.monotonic()
        if self.due is not None:
            if now >= self.due:
                self.due = None
                self.start()
                self.since = time.monotonic()
        elif not self.process.running:
            if now - self.since > _LONG_ENOUGH:
                self.pause = _SHORTEST
            how = how_it_ended(self.process.exit_code)
            say(f"{self.process.name} ended by itself ({how}{self.hint}); it is started again in {self.pause:g} s")
            self.process.kill()  # what it may have left
            self.due = now + self.pause
            self.pause = min(self.pause * 2, _LONGEST)


class Supervisor:
    """Runs the services on servers that are up already."""

    def __init__(self, servers: list[Server], services: list[Service], when_ready: Callable[[], None]) -> None:
        self._services, self._when_ready = services, when_ready
        self._kept = [_Kept(server.process, _restart(server), f"; see {server.process.log}") for server in servers]
        width = max(len(service.name) for service in services)
        for service in services:
            self._kept.append(_Kept(service.process, _start_shown(service, width)))

    def run(self) -> NoReturn:
        """Starts the services, and never returns: it ends by Stopped, or by the Problem of a server that stays away."""
        now = time.monotonic()
        for kept in self._kept:
            kept.since = now
            if kept.process.popen is None:
                kept.start()
        waiting, remind = True, now + _REMIND
        while True:
            for kept in self._kept:
                kept.look()
            if waiting:
                not_ready = [(service, why) for service in self._services if (why := service.not_ready())]
                if not not_ready:
                    waiting = False
                    self._when_ready()
                elif time.monotonic() > remind:
                    remind = time.monotonic() + _REMIND
                    for service, why in not_ready:
                        say(f"{service.name} is not ready yet: it {why}")
            stopping.pause(0.1)


def _restart(server: Server) -> Callable[[], None]:
    def again() -> None:
        start(server)
        wait_and_fill(server)

    return again


def _start_shown(service: Service, width: int) -> Callable[[], None]:
    def begin() -> None:
        service.process.start()
        assert service.process.popen is not None
        output = service.process.popen.stdout
        threading.Thread(target=_show, args=(f"{service.name:{width}} | ", output), daemon=True).start()

    return begin


_one_at_a_time = threading.Lock()


def _show(prefix: str, output) -> None:
    """Copies lines to the terminal until the process closes them. Reads on when the terminal is gone, so that the
    process never blocks."""
    with output:
        for line in output:
            text = prefix + line.decode(errors="replace").rstrip("\r\n") + "\n"
            try:
                with _one_at_a_time:
                    print(text, end="", flush=True)
            except (OSError, ValueError):
                pass
