"""Runs one command with the terminal as its own: cargo, or what the person named.

Guarantees: output goes straight to the terminal; its keys (Ctrl-C, Ctrl-Z) do what they do for a command that a shell
runs. When we are asked to stop in another way, the command is ended first. Nothing that it started and left in its
process group runs on afterwards, also when we are killed.
"""

import os
import signal
import subprocess
from pathlib import Path

from .guard import Guard
from .problem import Problem
from .process import dies_with_us
from .stopping import Stopped, hurry, requested, wait_regardless
from .terminal import Terminal

_AT_LEAST = 5.0  # seconds for a command to end by itself, however much hurry there is


def run_in_foreground(
    command: list[str],
    environment: dict[str, str],
    folder: Path | None = None,
    output: int | None = None,
    patience: float = _AT_LEAST,
) -> int:
    """Runs the command to its end; its exit code (128 + signal as in a shell). Raises Stopped when asked to stop; the command
    then has `patience` seconds to end what it started, or fewer, but five, when we are asked again."""
    terminal = Terminal()
    tie = dies_with_us(signal.SIGKILL)

    def before_exec() -> None:
        terminal.give_to(os.getpgrp())  # here, since a shell that finds itself in the background stops
        if tie:
            tie()

    try:
        child = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=None if terminal.ours else subprocess.DEVNULL,
            stdout=output,
            process_group=0,
            preexec_fn=before_exec,
        )
    except OSError as error:
        raise Problem(f"{command[0]} cannot be run: {error.strerror}") from None
    guard = Guard(child.pid)
    try:
        _wait(child, terminal)
    finally:
        terminal.take_back()
        _end_group(child, patience)
        guard.end()
    if requested.is_set():
        raise Stopped
    if child.returncode in (-signal.SIGINT, 128 + signal.SIGINT):  # Ctrl-C spoke to the command alone
        raise Stopped(signal.SIGINT)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _wait(child: subprocess.Popen, terminal: Terminal) -> None:
    """Until the command ends or we are asked to stop. When it is stopped by Ctrl-Z, so are we, until we are resumed."""
    while child.poll() is None and not requested.wait(0.05):
        if terminal.ours and _is_stopped(child.pid):
            terminal.take_back()
            os.killpg(os.getpgrp(), signal.SIGSTOP)
            terminal.give_to(child.pid)
            os.killpg(child.pid, signal.SIGCONT)


def _is_stopped(pid: int) -> bool:
    if not hasattr(os, "waitid"):  # macOS, before Python 3.13
        return False
    try:
        return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None
    except ChildProcessError:
        return False  # it has just ended


def _end_group(child: subprocess.Popen, patience: float) -> None:
    def ended() -> bool:
        return child.poll() is not None

    if not ended():
        os.killpg(child.pid, signal.SIGINT)
        if not (wait_regardless(ended, _AT_LEAST) or wait_regardless(ended, patience - _AT_LEAST, hurry.is_set)):
            os.killpg(child.pid, signal.SIGTERM)
            wait_regardless(ended, 2)
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # PermissionError: macOS, when only zombies are left
        pass
    child.wait()
