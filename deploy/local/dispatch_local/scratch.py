"""Servers for a test run: on free ports, with empty data, in a folder of their own.

Guarantees: any number of runs at the same time, in one checkout or in several, do not see each other. The folder
is removed afterwards, all but its logs if that is asked for. What a run that was killed left behind, processes or data, the
next one removes.
"""

import shutil
import signal
import tempfile
from pathlib import Path

from . import environment
from .install import Installed
from .instance import Instance
from .ports import Block
from .problem import Problem
from .process import Process, stop_all
from .servers import Server, start_all
from .servers.postgres import Postgres
from .servers.sns_sqs import SnsSqs
from .servers.valkey import Valkey
from .servers.valkey import program as valkey_server
from .settings import LOCAL, REGION

_KEPT = 5  # failed runs whose logs are kept


class Scratch:
    """The servers of one test run, and what the tests must know of them."""

    def __init__(self, installed: Installed) -> None:
        _remove_leftovers()
        self.folder = Path(tempfile.mkdtemp(prefix="test-", dir=LOCAL))
        self.logs = self.folder / "log"
        self.logs.mkdir()
        self.instance = Instance(self.folder / "lock", already="the test run {pid} uses the same folder: start again")
        self.ports = Block()
        self.installed = installed
        data = self.folder / "data"
        self.sns_sqs = SnsSqs(installed, data / "sns-sqs", self.logs / "sns-sqs.log", self.ports.take(), keep=False)
        self.valkey = Valkey(installed, data / "valkey", self.logs / "valkey.log", self.ports.take())
        self.postgres = Postgres(installed, data / "postgres", self.logs / "postgres.log", self.ports.take())
        # Its data goes with the run: nothing of hundreds of test databases has to reach the disk first.
        self.postgres.process.stop_signal = self.postgres.process.at_our_death = signal.SIGQUIT
        self.servers: list[Server] = [self.sns_sqs, self.valkey, self.postgres]
        for server in self.servers:
            server.process.started = self.instance.note

    def start(self) -> None:
        start_all(self.servers)

    def environment(self) -> dict[str, str]:
        """The environment of the tests."""
        return (
            environment.cleaned()
            | environment.aws()
            | {
                "AWS_REGION": REGION,
                "DISPATCH_TEST_DATABASE_URL": self.postgres.url("postgres"),
                "DISPATCH_TEST_REDIS_URL": self.valkey.url,
                "DISPATCH_TEST_VALKEY_SERVER": str(valkey_server(self.installed)),
                "DISPATCH_TEST_AWS_ENDPOINT": self.sns_sqs.url,
                "DISPATCH_TEST_AWS_CLI": str(self.installed.aws),
            }
        )

    def died(self) -> list[Process]:
        """The servers that ended by themselves."""
        return [server.process for server in self.servers if server.process.popen and not server.process.running]

    def end(self, *, keep_logs: bool) -> None:
        """Ends the servers and removes the folder."""
        stop_all([server.process for server in self.servers], grace=15)
        self.ports.release()
        if keep_logs:
            shutil.rmtree(self.folder / "data", ignore_errors=True)
            self.instance.release()
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def _remove_leftovers() -> None:
    """What runs that were killed left: their folder is there, and nobody holds its lock. Of the runs that failed, the
    logs of the last few stay."""
    failed = []
    for lock in LOCAL.glob("test-*/lock"):
        try:
            ended_at = lock.parent.stat().st_mtime  # when its data went; looking writes to the lock, not to the folder
            former = Instance(lock, already="", patience=0)  # ends what that run had started
        except (FileNotFoundError, Problem):
            continue  # it has just ended, or goes on
        if (lock.parent / "data").exists():
            shutil.rmtree(lock.parent, ignore_errors=True)
        else:
            failed.append((ended_at, lock))
        former.release()
    for _, lock in sorted(failed, reverse=True)[_KEPT:]:
        shutil.rmtree(lock.parent, ignore_errors=True)
