"""One run at a time for a folder of data, and nothing left of a run that was killed.

A run holds a lock on a file for as long as it lives (the kernel gives it back however the run ends) and writes down in
it what it started. Whoever gets the lock later and finds processes written down that still run ends them first. A
process is known by its id and the time it was started, so an id that has since gone to another program harms nobody.
"""

import fcntl
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from .problem import Problem, say
from .process import Process
from .stopping import wait_for, wait_regardless


def _start_time(pid: int) -> str | None:
    """When the process was started, in whatever form; None if there is no such process (or only its remains)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return None if fields[0] in (b"Z", b"X") else fields[19].decode()
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    except (OSError, IndexError):
        return None
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip() or None


class Instance:
    """The lock of a folder, held until the end of this program."""

    def __init__(self, lock: Path, already: str, patience: float = 0.5) -> None:
        """`already` is what to say when another run holds the lock; {pid} in it stands for that run. It may be held for
        a moment by one that only looks whether something was left."""
        lock.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(lock, "a+", encoding="utf-8")
        self._entries: list[dict] = []
        if not wait_for(self._lock, patience):
            raise Problem(already.format(pid=self._read().get("pid", "?")))
        _end_leftovers(self._read().get("processes", []))
        self._write()

    def _lock(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _read(self) -> dict:
        self._file.seek(0)
        try:
            content = json.loads(self._file.read())
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    def _write(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": os.getpid(), "processes": self._entries}, self._file)
        self._file.flush()

    def note(self, process: Process) -> None:
        """Writes down that we started this."""
        assert process.popen is not None
        pid = process.popen.pid
        entry = {"name": process.name, "pid": pid, "started": _start_time(pid), "signal": int(process.stop_signal)}
        self._entries = [known for known in self._entries if known["name"] != process.name] + [entry]
        self._write()

    def release(self) -> None:
        """All of it has ended: nothing to look for next time."""
        self._entries = []
        self._write()
        self._file.close()


def _end_leftovers(entries: list[dict]) -> None:
    def alive(entry: dict) -> bool:
        return entry["started"] is not None and _start_time(entry["pid"]) == entry["started"]

    # A run that was killed takes its children along a moment later (see process.py); that is no news.
    wait_regardless(lambda: not any(alive(entry) for entry in entries), 3)
    left = [entry for entry in entries if alive(entry)]
    for entry in left:
        say(f"ending {entry['name']} (process {entry['pid']}), left by a run that was killed")
        _signal(entry["pid"], entry["signal"])
    wait_regardless(lambda: not any(alive(entry) for entry in left), 10)
    for entry in left:
        if alive(entry):
            _signal(-entry["pid"], signal.SIGKILL)  # with everything it started
    deadline = time.monotonic() + 5
    while any(alive(entry) for entry in left):
        if time.monotonic() > deadline:
            names = ", ".join(f"{entry['name']} (process {entry['pid']})" for entry in left if alive(entry))
            raise Problem(f"a run that was killed left this behind, and it cannot be ended: {names}")
        time.sleep(0.05)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        pass  # gone, or not ours to end: the caller looks at what is still there
