"""Ends a process group when we die, however we die.

The kernel tells only our own children of our death, and only on Linux (process.py). For what a child starts in turn, as
cargo and pip do, a guard waits: a shell that reads from a pipe, which ends when we do.
"""

import subprocess


class Guard:
    """Guards one process group until `end`."""

    def __init__(self, group: int) -> None:
        script = 'read -r _; kill -9 "-$0"'
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", script, str(group)], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def end(self) -> None:
        """The group needs no guard any more. To be called before its leader is waited for, or right after."""
        self._shell.kill()
        self._shell.communicate()
