"""Every setting of run.sh and run-e2e.sh, and where things are in the checkout.

A port comes from its flag, else from its environment variable, else from the table here. A value that cannot be is a
Problem that names the variable.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from .problem import Problem

CHECKOUT = Path(__file__).resolve().parents[3]
TEMPLATE = CHECKOUT / "deploy" / "aws" / "topology.yaml"
REQUIREMENTS = CHECKOUT / "deploy" / "local" / "requirements.txt"
LOCAL = CHECKOUT / ".local"  # everything installed, stored or logged; git ignores it

REGION = "eu-west-2"
ACCOUNT = "123450000001"
STACK = "dispatch"
SERVICES = ("order-service", "courier-service", "assignment-service")


@dataclass(frozen=True)
class Port:
    """A TCP port that can be chosen."""

    key: str
    default: int
    what: str

    @property
    def flag(self) -> str:
        return f"--{self.key}-port"

    @property
    def variable(self) -> str:
        return f"DISPATCH_{self.key.upper().replace('-', '_')}_PORT"


PORTS = (
    Port("sns-sqs", 9911, "SNS and SQS"),
    Port("valkey", 9379, "Valkey"),
    Port("postgres", 9432, "PostgreSQL"),
    Port("order-http", 9080, "order-service, REST"),
    Port("order-grpc", 9081, "order-service, gRPC"),
    Port("courier-http", 9070, "courier-service, REST"),
    Port("courier-grpc", 9071, "courier-service, gRPC"),
    Port("assignment-http", 9325, "assignment-service, REST"),
    Port("assignment-grpc", 9326, "assignment-service, gRPC"),
)

# (variable, what it is for)
VARIABLES = (
    ("DISPATCH_PYTHON", "the Python to use, 3.11 or newer; default: the first such one on the PATH"),
    ("DISPATCH_REDIS_SERVER", "a redis-server or valkey-server to use instead of the pinned one"),
    ("DISPATCH_POSTGRES_BIN", "a folder with postgres, initdb and psql to use instead of the pinned ones"),
    ("DISPATCH_POSTGRES_OS_USER", "when started by root: the user PostgreSQL runs as; default: postgres, else nobody"),
    ("DISPATCH_COMPOSE", "with --docker: the Compose to use; default: docker compose, else docker-compose"),
    ("DISPATCH_CHROMIUM", "the Chromium of the tests of the board in a browser; default: one on the PATH"),
    ("DISPATCH_CHROMEDRIVER", "the chromedriver that fits to it; default: the one on the PATH"),
    ("DISPATCH_BIN_DIR", "a folder with the services, built already; nothing is built then"),
)


def from_environment(name: str) -> str | None:
    """The value of a variable of ours; empty counts as not set."""
    return os.environ.get(name, "").strip() or None


def port_number(text: str, source: str) -> int:
    """The port that the text says; `source` is the flag or variable it comes from."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Problem(f"{source} must be a port, 1 to 65535, and is {text!r}")
    return int(text)


def chosen_ports(flags: dict[str, str | None]) -> dict[str, int]:
    """The port for each key of PORTS. No two of them may be the same."""
    ports: dict[str, int] = {}
    for port in PORTS:
        if (text := flags.get(port.key)) is not None:
            ports[port.key] = port_number(text, port.flag)
        elif (text := from_environment(port.variable)) is not None:
            ports[port.key] = port_number(text, port.variable)
        else:
            ports[port.key] = port.default
    taken: dict[int, Port] = {}
    for port in PORTS:
        other = taken.setdefault(ports[port.key], port)
        if other is not port:
            raise Problem(f"port {ports[port.key]} is given to both {other.what} and {port.what}: change {port.flag}")
    return ports
