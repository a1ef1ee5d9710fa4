"""The commands. Reads the command line, runs the command, turns every failure into one line."""

import argparse
import sys
import textwrap

from . import stopping
from .docker_e2e import docker_e2e
from .e2e import e2e
from .install import ensure_installed
from .problem import Problem
from .run import run
from .settings import PORTS, VARIABLES, chosen_ports
from .with_servers import with_servers

_COMMANDS = """\
usage: python3 deploy/local COMMAND

  run [OPTIONS]           everything, in the foreground; the same as sh run.sh (--help tells more)
  e2e [ARGUMENTS]         every test of the project; the same as sh run-e2e.sh (--help tells more)
  servers -- COMMAND      servers on free ports with empty data, no services; runs COMMAND with the DISPATCH_TEST_*
                          variables of the servers set, and ends them again
  install                 only installs the servers; prints the path of the pinned aws CLI
"""

_E2E = """\
usage: sh run-e2e.sh [ARGUMENTS]
       sh run-e2e.sh --docker [ARGUMENTS]

Builds everything, starts the servers on free ports with empty data and two instances of each service, runs
`cargo test --locked ARGUMENTS`, and ends all of it again. The exit code is that of cargo, or 1 if the tests left a message
in a queue or an unexpected one in a dead-letter queue, or an instance did not end well. Without arguments, a short run
of the fault harness comes first (deploy/chaos). Runs in several checkouts, or several in one, do not disturb each other.

The tests of the board in a browser are built and run where chromium and chromedriver are on the PATH.

With --docker it builds the images, starts docker-compose.yml on free ports with two containers of each service, runs
`cargo test --locked -p e2e --no-default-features ARGUMENTS` (what acts on a running system from outside), and removes
the containers and their data again. It needs a Docker engine and Compose.

  sh run-e2e.sh                         the fault harness, and every test
  sh run-e2e.sh -p e2e                  the tests of one crate: those of the whole system
  sh run-e2e.sh --docker                the black-box tests, against containers
  sh run-e2e.sh -- --nocapture NAME     what follows -- is for the test programs
"""


def main() -> int:
    """Runs the command of the command line; the exit code."""
    name, arguments = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    stopping.listen()
    try:
        return _command(name, arguments)
    except stopping.Stopped as stopped:
        return 128 + stopped.number
    except Problem as problem:
        line = str(problem)
    except OSError as error:  # a full disk, a folder that belongs to another user
        line = f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
    if stopping.requested.is_set():  # what failed was ended together with us
        return 128 + stopping.Stopped().number
    print(f"dispatch: {line}", file=sys.stderr)
    return 1


def _command(name: str, arguments: list[str]) -> int:
    if name == "run":
        return _run(arguments)
    if name == "e2e":
        if arguments[:1] in (["--help"], ["-h"]):
            print(_E2E + _variables(), end="")
            return 0
        return docker_e2e(arguments[1:]) if arguments[:1] == ["--docker"] else e2e(arguments)
    if name == "servers":
        return with_servers(arguments[1:] if arguments[:1] == ["--"] else arguments)
    if name == "install":
        print(ensure_installed().aws)
        return 0
    print(_COMMANDS + _variables(), end="")
    return 0 if name in ("--help", "-h") else 2


def _run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="sh run.sh",
        usage="sh run.sh [OPTIONS]",
        description=(
            "Runs Dispatch on this machine: builds the services, installs and starts PostgreSQL, Valkey and a local SNS\n"
            "and SQS, starts the services and prints their URLs. Ctrl-C ends all of it. Data stays in .local/data."
        ),
        epilog=_variables() + "  and every setting of the services themselves, such as LOG_LEVEL\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--fresh", action="store_true", help="remove the data of former runs first")
    parser.add_argument("--release", action="store_true", help="build the services with optimizations")
    for port in PORTS:
        parser.add_argument(port.flag, metavar="PORT", help=f"{port.what}; default {port.default}; or {port.variable}")
    options = parser.parse_args(arguments)
    flags = {port.key: getattr(options, f"{port.key.replace('-', '_')}_port") for port in PORTS}
    return run(chosen_ports(flags), fresh=options.fresh, release=options.release)


def _variables() -> str:
    lines = ["", "environment:"]
    for name, meaning in VARIABLES:
        lines += textwrap.wrap(meaning, 88, initial_indent=f"  {name:26} ", subsequent_indent=" " * 29)
    return "\n".join(lines) + "\n"
