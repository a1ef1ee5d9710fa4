"""One child process: started in its own session, ended with everything it started.

Guarantees: a Ctrl-C at the terminal reaches only us, never a child, so the order in which things end is ours. On Linux
the kernel ends a child when we die, even by kill -9 (`at_our_death` is the signal it gets). Elsewhere, and for what
a child started, the next start ends what is left (instance.py).
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .stopping import wait_regardless

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_us(number: signal.Signals) -> Callable[[], None] | None:
    """What a child must call before it becomes another program, to get this signal when we die."""
    if _libc is None:
        return None
    us, libc, signal_number = os.getpid(), _libc, int(number)

    def before_exec() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
        if os.getppid() != us:  # we died before the line above
            os._exit(1)

    return before_exec


@dataclass
class Process:
    """A program to run, and the running of it."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path | None  # where its output goes; None: to the `output` of `popen`, for whoever reads it
    folder: Path = Path("/")
    stop_signal: signal.Signals = signal.SIGTERM
    at_our_death: signal.Signals = signal.SIGTERM
    user: int | None = None
    group: int | None = None
    started: Callable[["Process"], None] = lambda process: None
    popen: subprocess.Popen | None = field(default=None, init=False)

    def start(self) -> None:
        """Starts the program. To be called by the main thread: the kernel ties a child to the thread that made it."""
        output = open(self.log, "ab") if self.log else None
        try:
            self.popen = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output or subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_us(self.at_our_death),
                user=self.user,
                group=self.group,
                extra_groups=None if self.user is None else [],
            )
        finally:
            if output:
                output.close()
        self.started(self)

    @property
    def running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        return None if self.popen is None else self.popen.poll()

    def ask_to_stop(self) -> None:
        """Sends the signal that ends the program in an orderly way."""
        if self.popen is not None and self.running:
            self.popen.send_signal(self.stop_signal)

    def kill(self) -> None:
        """Ends the program and all it started, at once."""
        if self.popen is None:
            return
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # PermissionError: macOS, when only zombies are left
            pass
        self.popen.wait()


def stop_all(processes: list[Process], grace: float, cut_short: Callable[[], bool] = lambda: False) -> list[Process]:
    """Asks all of them to stop, waits at most `grace` seconds, kills the rest. Returns those that had to be killed."""
    for process in processes:
        process.ask_to_stop()
    wait_regardless(lambda: not any(process.running for process in processes), grace, cut_short)
    late = [process for process in processes if process.running]
    for process in processes:
        process.kill()
    return late


def how_it_ended(code: int | None) -> str:
    """An exit code in words."""
    if code is None:
        return "is still running"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
