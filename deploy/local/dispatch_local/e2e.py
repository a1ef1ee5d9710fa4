"""`e2e`: every test of the project, against real servers and two instances of each service. When no arguments choose some of
the tests, those of dashboards and alerts (deploy/observability) and a short run of the fault harness (deploy/chaos), on
servers of its own, come before them.

Guarantees: the exit code is that of `cargo test`, and 1 if the tests passed but an instance ended by itself, did not
drain in time or did not exit with 0; where those are well, it is that of what came before. On success the test runner's
summary is the last thing printed. Everything is ended and removed afterwards; the logs stay when something failed, and their
folder is named.
"""

import os
import sys
from pathlib import Path

from . import browser, quiet
from .build import build_and_install, cargo
from .foreground import run_in_foreground
from .install import Installed
from .problem import Problem
from .process import how_it_ended, stop_all
from .scratch import Scratch
from .services import Servers, Service, grace_seconds, one_of_each
from .settings import CHECKOUT, PORTS
from .stopping import Stopped, hurry, wait_for

_CHAOS = CHECKOUT / "deploy" / "chaos"
_OBSERVABILITY = CHECKOUT / "deploy" / "observability"
_SHORT = ("--orders", "1200", "--kills", "10")
_CHAOS_ENDS_WITHIN = 60.0  # it may be in the midst of its questions, and has servers to end
_INSTANCES = 2
_READY_WITHIN = 60.0
# Short, so that tests which end and start consumers need not wait for messages that a poll took along (see run.py).
_SETTINGS = {"RECEIVE_WAIT_SECONDS": "1", "LOG_FORMAT": "text"}


def e2e(arguments: list[str]) -> int:
    """Runs the tests; the arguments are for `cargo test`."""
    grace = grace_seconds()
    program = cargo()
    found = browser.find()
    found.say_if_missing(arguments)
    binaries, installed = build_and_install(tests=True, features=found.features)
    before = 0 if arguments else _observability(installed) or _chaos(binaries)
    command = [program, "test", "--locked", *found.features_for(arguments), *arguments]
    code = _Run(binaries, installed, grace, found.environment()).run(command)
    if before:
        print("dispatch: what came before the tests found something, or did not end well: see above", file=sys.stderr)
    return code or before


def _observability(installed: Installed) -> int:
    """Dashboards and alerts ask for metrics that there are, and each alert fires when it should. Whether it does is asked only
    where promtool is."""
    tests = ["-m", "unittest", "discover", "--start-directory", str(_OBSERVABILITY / "tests")]
    return run_in_foreground([str(installed.python), *tests], dict(os.environ), CHECKOUT)


def _chaos(binaries: Path) -> int:
    """The fault harness: its own tests, then a run of a minute or two that has to find the bugs that it plants."""
    environment = dict(os.environ) | {"DISPATCH_BIN_DIR": str(binaries)}
    tests = [sys.executable, "-m", "unittest", "discover", "--start-directory", str(_CHAOS / "tests")]
    return run_in_foreground(tests, environment, CHECKOUT) or run_in_foreground(
        [sys.executable, str(_CHAOS), *_SHORT, "--plant"], environment, CHECKOUT, patience=_CHAOS_ENDS_WITHIN
    )


class _Run:
    """One run of the tests."""

    def __init__(self, binaries: Path, installed: Installed, grace: float, variables: dict[str, str]) -> None:
        self._binaries, self._grace, self._variables = binaries, grace, variables
        self._scratch = Scratch(installed)
        self._instances: list[Service] = []

    def run(self, command: list[str]) -> int:
        try:
            self._scratch.start()
            self._start_instances()
            code = run_in_foreground(command, self._environment(), CHECKOUT)
            complaints = self._ended_early()
            if code == 0 and not complaints:  # else what is left in the queues says nothing
                complaints = quiet.complaints(self._scratch.sns_sqs.port)
        except Stopped:
            self._stop_instances()
            self._scratch.end(keep_logs=False)
            raise
        except BaseException:
            self._stop_instances()
            self._keep_logs()
            raise
        complaints += self._stop_instances()
        for complaint in complaints:
            print(f"dispatch: {complaint}", file=sys.stderr)
        if code == 0 and not complaints:
            self._scratch.end(keep_logs=False)
        else:
            self._keep_logs()
        return code or int(bool(complaints))

    def _keep_logs(self) -> None:
        self._scratch.end(keep_logs=True)
        print(f"dispatch: the logs of this run are in {self._scratch.logs}", file=sys.stderr)

    def _start_instances(self) -> None:
        scratch = self._scratch
        servers = Servers(scratch.sns_sqs.url, scratch.valkey.url, scratch.postgres.url("{}"))
        for number in range(1, _INSTANCES + 1):
            ports = {port.key: scratch.ports.take() for port in PORTS if port.key.endswith(("-http", "-grpc"))}
            self._instances += one_of_each(self._binaries, servers, ports, _SETTINGS, scratch.logs, f"-{number}")
        for instance in self._instances:
            instance.process.started = scratch.instance.note
            instance.process.start()
        for instance in self._instances:
            ready = wait_for(lambda: not instance.process.running or not instance.not_ready(), _READY_WITHIN)  # noqa: B023
            if not instance.process.running:
                raise Problem(self._ended_early()[0])
            if not ready:
                why = instance.not_ready()
                raise Problem(
                    f"{instance.process.name} is not ready after {_READY_WITHIN:.0f} s: it {why}; see {instance.process.log}"
                )

    def _environment(self) -> dict[str, str]:
        def of(service: str, port: str) -> str:
            instances = [instance for instance in self._instances if instance.name == service]
            return ",".join(f"http://127.0.0.1:{getattr(instance, port)}" for instance in instances)

        addresses = {
            f"DISPATCH_TEST_{short}_{port.upper()}": of(f"{short.lower()}-service", port)
            for short in ("ORDER", "COURIER", "ASSIGNMENT")
            for port in ("http", "grpc")
        }
        more = self._variables | {"DISPATCH_TEST_BIN_DIR": str(self._binaries), "RUST_TEST_THREADS": _test_threads()}
        return self._scratch.environment() | addresses | more

    def _ended_early(self) -> list[str]:
        """A line for each instance and server that is not running although nobody ended it."""
        processes = [instance.process for instance in self._instances if not instance.process.running]
        return [
            f"{process.name} ended by itself ({how_it_ended(process.exit_code)}): see {process.log}"
            for process in processes + self._scratch.died()
        ]

    def _stop_instances(self) -> list[str]:
        """Ends the instances; a line for each that did not end as it should."""
        processes = [instance.process for instance in self._instances if instance.process.running]
        late = stop_all(processes, self._grace, hurry.is_set)
        return [
            f"{process.name} did not drain within {self._grace:.0f} s of SIGTERM: see {process.log}"
            if process in late
            else f"{process.name} did not end well after SIGTERM ({how_it_ended(process.exit_code)}): see {process.log}"
            for process in processes
            if process in late or process.exit_code != 0
        ]


def _test_threads() -> str:
    """How many tests run at a time. Most of them wait for servers, so on few cores one per core would leave those idle."""
    cores = os.cpu_count() or 1
    return os.environ.get("RUST_TEST_THREADS", str(max(cores, min(3 * cores, 6))))
