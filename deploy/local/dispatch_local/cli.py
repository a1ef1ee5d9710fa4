"""The commands: run, e2e, servers, install. Reads the command line, runs the command, turns failures into one line."""

import argparse
import sys
import textwrap

from . import stopping
from .install import ensure_installed
from .problem import Problem
from .settings import PORTS, VARIABLES


def main() -> int:
    """Runs the command of the command line; the exit code."""
    arguments = _parser().parse_args()
    stopping.listen()
    try:
        return arguments.command(arguments)
    except stopping.Stopped:
        return 128 + stopping.by_signal
    except Problem as problem:
        line = str(problem)
    except OSError as error:  # a full disk, a folder that belongs to another user
        line = f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
    if stopping.requested.is_set():  # what failed was ended together with us
        return 128 + stopping.by_signal
    print(f"dispatch: {line}", file=sys.stderr)
    return 1


def _servers(arguments: argparse.Namespace) -> int:
    from .with_servers import with_servers

    return with_servers(arguments.run)


def _install(_: argparse.Namespace) -> int:
    print(ensure_installed().aws)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 deploy/local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    servers = commands.add_parser("servers", help="start the servers on free ports, run a command, end them again")
    servers.add_argument("run", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="the command and its arguments")
    servers.set_defaults(command=_servers)
    install = commands.add_parser("install", help="only install the servers; prints the path of the pinned aws CLI")
    install.set_defaults(command=_install)
    return parser
