"""Runs one command with the terminal as its own: cargo, or what the person named.

Guarantees: output goes straight to the terminal, and Ctrl-C reaches the command as if it had been typed to it alone. When we are
asked to stop in another way, the command and what it started are ended first. Afterwards nothing that it started and
left in its process group runs on.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from .problem import Problem
from .process import dies_with_us
from .stopping import Stopped, requested, wait_regardless


def run_in_foreground(
    command: list[str], environment: dict[str, str], folder: Path | None = None, output: int | None = None
) -> int:
    """Runs the command to its end; its exit code (128 + signal as in a shell). Raises Stopped when asked to stop."""
    terminal = sys.stdin.fileno() if sys.stdin and sys.stdin.isatty() else None
    try:
        child = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=None if terminal is not None else subprocess.DEVNULL,
            stdout=output,
            process_group=0,
            preexec_fn=dies_with_us(signal.SIGKILL),
        )
    except OSError as error:
        raise Problem(f"{command[0]} cannot be run: {error.strerror}") from None
    try:
        _give_terminal(terminal, child.pid)
        while child.poll() is None and not requested.is_set():
            try:
                child.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                pass
    finally:
        _give_terminal(terminal, os.getpgrp())
        _end_group(child)
    code = child.returncode
    if requested.is_set() or code == -signal.SIGINT:
        raise Stopped
    return code if code >= 0 else 128 - code


def _end_group(child: subprocess.Popen) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGINT)
        if not wait_regardless(lambda: child.poll() is not None, 5):
            os.killpg(child.pid, signal.SIGTERM)
            wait_regardless(lambda: child.poll() is not None, 2)
    try:
        os.killpg(child.pid, signal.SIGKILL)
        time.sleep(0)
    except (ProcessLookupError, PermissionError):
        pass
    child.wait()


def _give_terminal(terminal: int | None, group: int) -> None:
    """Makes the process group the one that the terminal's keys speak to."""
    if terminal is None:
        return
    former = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else taking the terminal back would stop us
    try:
        if os.tcgetpgrp(terminal) in (os.getpgrp(), group) or group == os.getpgrp():
            os.tcsetpgrp(terminal, group)
    except OSError:
        pass
    finally:
        signal.signal(signal.SIGTTOU, former)
