"""The servers that the services need: PostgreSQL, Valkey, and SNS and SQS. A file for each.

Guarantees of `start_all`: when it returns, each server answers and holds what the services expect (databases, topics,
queues). A server that does not come up is a Problem with the path of its log, after a bounded time. A log holds what
was said since the last `start_all`; the one before it is kept beside it.
"""

from collections.abc import Sequence
from typing import Protocol

from ..problem import Problem
from ..process import Process, how_it_ended
from ..stopping import wait_for


class Server(Protocol):
    """What the rest knows of a server."""

    name: str
    process: Process

    def prepare(self) -> None:
        """Makes what must be there before the start, such as its folder of data."""

    def is_ready(self) -> bool:
        """Whether it answers; does not wait."""

    def fill(self) -> None:
        """Makes in it what the services expect, if that is not there."""


def start_all(servers: Sequence[Server], seconds: float = 60) -> None:
    """Starts all of them side by side, waits for each, fills each."""
    for server in servers:
        log = server.process.log
        assert log is not None
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))
        start(server)
    for server in servers:
        wait_and_fill(server, seconds)


def start(server: Server) -> None:
    """Starts the server without waiting for it."""
    server.prepare()
    server.process.start()


def wait_and_fill(server: Server, seconds: float = 60) -> None:
    """Waits until the server answers, at most so long, and fills it."""
    process = server.process
    up = wait_for(lambda: not process.running or server.is_ready(), seconds)
    if not process.running:
        raise Problem(f"{server.name} did not come up ({how_it_ended(process.exit_code)}): see {process.log}")
    if not up:
        raise Problem(f"{server.name} does not answer after {seconds:.0f} s: see {process.log}")
    server.fill()
