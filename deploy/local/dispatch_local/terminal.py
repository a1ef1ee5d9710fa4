"""Who the keys of the terminal speak to.

A command in a process group of its own hears no Ctrl-C, and may not read, unless the terminal is given to its group. As
in a shell: the group in the foreground has it, and whoever gave it away takes it back.
"""

import os
import signal
import sys


class Terminal:
    """The terminal, if we have it; if there is none, or another group has it, then nothing here does anything."""

    def __init__(self) -> None:
        self._file: int | None = None
        try:
            file = sys.stdin.fileno()
            if os.tcgetpgrp(file) == os.getpgrp():
                self._file = file
        except (OSError, ValueError, AttributeError):
            pass  # no terminal

    @property
    def ours(self) -> bool:
        return self._file is not None

    def give_to(self, group: int) -> None:
        """Puts the group in the foreground. Works from the background too, where the system would else stop us."""
        if self._file is None:
            return
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            os.tcsetpgrp(self._file, group)
        except OSError:
            pass  # the group is gone, or the terminal is
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def take_back(self) -> None:
        """Puts us in the foreground."""
        self.give_to(os.getpgrp())
