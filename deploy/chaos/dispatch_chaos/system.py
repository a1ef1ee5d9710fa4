"""The system under test: servers, the proxy, and several instances of each service, each of which can be killed, paused
and started again on its port and with its data.

Guarantees: the services know no other SNS and SQS than the proxy. All of it ends with the run, however it ends.
"""

import http.client
import json
import signal
import sys
from pathlib import Path

from dispatch_local import environment
from dispatch_local.install import Installed
from dispatch_local.problem import Problem
from dispatch_local.process import Process, how_it_ended, stop_all
from dispatch_local.scratch import Scratch
from dispatch_local.servers import start, wait_and_fill
from dispatch_local.services import Servers, Service, one_of_each
from dispatch_local.settings import PORTS
from dispatch_local.stopping import hurry, wait_for

READY_WITHIN = 90.0
RECONCILE_SECONDS = 5
VISIBILITY_SECONDS = 4
# Everything that waits for an age is told to wait less, so that a run of a minute sees it happen.
_SETTINGS = {
    "LOG_FORMAT": "text",
    "RECEIVE_WAIT_SECONDS": "1",
    "VISIBILITY_TIMEOUT_SECONDS": str(VISIBILITY_SECONDS),
    "RETRY_MAX_SECONDS": "3",
    "SWEEP_INTERVAL_SECONDS": "1",
    "UNRECORDED_AGE_SECONDS": "4",
    "RECONCILE_INTERVAL_SECONDS": str(RECONCILE_SECONDS),
    "DECLINE_TTL_SECONDS": "3",
    "LEAVE_GRACE_SECONDS": "2",
    # A lookup that is late makes an answer incomplete, which is right, and no finding. Less than what a client waits (rest.py)
    # and three quarters of what a request may take.
    "LOOKUP_TIMEOUT_MILLISECONDS": "10000",
}


class System:
    """All processes of a run."""

    def __init__(self, binaries: Path, installed: Installed, instances: int, seed: int, on_leave: str) -> None:
        self.binaries = binaries
        self.scratch = Scratch(installed)
        self._proxy_port = self.scratch.ports.take()
        proxy = [sys.executable, str(Path(__file__).parents[1]), "proxy"]
        proxy += [str(self._proxy_port), str(self.scratch.sns_sqs.port), f"{seed}:proxy"]
        self.proxy = Process("proxy", proxy, environment.bare(), self.scratch.logs / "proxy.log", at_our_death=signal.SIGKILL)
        servers = Servers(f"http://127.0.0.1:{self._proxy_port}", self.scratch.valkey.url, self.scratch.postgres.url("{}"))
        self.services: list[Service] = []
        for number in range(1, instances + 1):
            ports = {port.key: self.scratch.ports.take() for port in PORTS if port.key.endswith(("-http", "-grpc"))}
            settings = _SETTINGS | {"ON_LEAVE": on_leave}
            self.services += one_of_each(binaries, servers, ports, settings, self.scratch.logs, f"-{number}")
        for process in [self.proxy, *(service.process for service in self.services)]:
            process.started = self.scratch.instance.note

    def start(self) -> None:
        """Starts everything; it is ready when this returns."""
        self.scratch.start()
        self.proxy.start()
        if not wait_for(self._proxy_answers, READY_WITHIN):
            raise Problem(f"the proxy does not answer: see {self.proxy.log}")
        for service in self.services:
            service.process.start()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Until each instance is ready. Raises a Problem that names one that is not."""
        for service in self.services:
            if not wait_for(lambda: not service.not_ready(), READY_WITHIN):  # noqa: B023
                raise Problem(
                    f"{service.process.name} is not ready after {READY_WITHIN:.0f} s: it {service.not_ready()}; "
                    f"see {service.process.log}"
                )

    def _proxy_answers(self) -> bool:
        try:
            self.tell_proxy("counts")
        except OSError:
            return False
        return True

    def tell_proxy(self, command: str) -> dict[str, int]:
        """`wild`, `calm`, `lose?QUEUE` or `counts`; answers what it has done so far."""
        connection = http.client.HTTPConnection("127.0.0.1", self._proxy_port, timeout=10)
        try:
            connection.request("GET" if command == "counts" else "POST", f"/_chaos/{command}")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def of(self, name: str) -> list[Service]:
        """The instances of a service."""
        return [service for service in self.services if service.name == name]

    def sql(self, database: str, statement: str) -> list[list[str]]:
        """The rows that a statement answers, as text; NULL is empty."""
        answer = self.scratch.postgres.psql(database, statement)
        if answer.returncode != 0:
            raise Problem(f"PostgreSQL refused a statement of the harness: {' '.join(answer.stderr.split())}")
        return [line.split("\t") for line in answer.stdout.splitlines()]

    def restart_servers(self) -> None:
        """Starts the servers that are not running, and waits for them."""
        for server in (self.scratch.postgres, self.scratch.valkey):
            if not server.process.running:
                start(server)
            wait_and_fill(server)

    def stop_services(self, grace: float) -> list[str]:
        """Ends the services in an orderly way; a line for each that did not end as it should."""
        processes = [service.process for service in self.services if service.process.running]
        late = stop_all(processes, grace, hurry.is_set)
        return [
            f"{process.name} was told to end and did not end well: "
            + ("it had to be killed" if process in late else how_it_ended(process.exit_code))
            for process in processes
            if process in late or process.exit_code != 0
        ]

    def end(self, *, keep_logs: bool) -> None:
        """Ends all of it, whatever state it is in."""
        for service in self.services:
            service.process.kill()
        self.proxy.kill()
        self.scratch.end(keep_logs=keep_logs)
