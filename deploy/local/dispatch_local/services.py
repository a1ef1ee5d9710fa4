"""The three services as processes: how they are wired to the servers and to each other.

Guarantees: a service gets its addresses from here, whatever the person's environment says about databases and AWS. What
the person set otherwise (LOG_LEVEL, SHUTDOWN_GRACE_SECONDS and so on) is theirs.
"""

import http.client
import signal
from dataclasses import dataclass
from pathlib import Path

from . import environment
from .problem import Problem
from .process import Process
from .settings import SERVICES, from_environment

_DEFAULT_GRACE = 30.0  # longer than the services' own, after which they end by themselves


@dataclass(frozen=True)
class Servers:
    """Where the servers are."""

    sns_sqs: str
    valkey: str
    postgres: str  # with {} for the database


@dataclass(frozen=True)
class Service:
    """One instance of a service."""

    name: str
    http: int
    grpc: int
    process: Process

    def not_ready(self) -> str:
        """Why the instance is not ready; empty when it is. Does not wait."""
        status, body = self._get("/readyz")
        if status is None:
            return "does not answer"
        return "" if status == 200 else " ".join(f"answers {status}: {body}".split())

    def has_pages(self) -> bool:
        """Whether it shows its API at /docs."""
        return self._get("/docs/")[0] == 200

    def _get(self, path: str) -> tuple[int | None, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read(500).decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return None, ""
        finally:
            connection.close()


def one_of_each(
    binaries: Path,
    servers: Servers,
    ports: dict[str, int],
    defaults: dict[str, str],
    logs: Path | None = None,
    suffix: str = "",
) -> list[Service]:
    """An instance of each service, which know each other. `ports` has the keys order-http, order-grpc and so on;
    `defaults` is for what the person did not set; without `logs`, output goes to a pipe."""
    shared = defaults | environment.cleaned() | environment.aws() | {"AWS_ENDPOINT_URL": servers.sns_sqs}
    orders = {"ORDER_SERVICE_GRPC_URL": f"http://127.0.0.1:{ports['order-grpc']}"}
    couriers = {"COURIER_SERVICE_GRPC_URL": f"http://127.0.0.1:{ports['courier-grpc']}"}
    knows = {
        "order-service": couriers,
        "courier-service": orders,
        "assignment-service": orders | couriers | {"REDIS_URL": servers.valkey},
    }
    instances = []
    for name in SERVICES:
        key = name.removesuffix("-service")
        http_port, grpc_port = ports[f"{key}-http"], ports[f"{key}-grpc"]
        own = {
            "DATABASE_URL": servers.postgres.format(name.replace("-", "_")),
            "HTTP_ADDR": f"127.0.0.1:{http_port}",
            "GRPC_ADDR": f"127.0.0.1:{grpc_port}",
        }
        process = Process(
            name + suffix,
            [str(binaries / name)],
            shared | own | knows[name],
            log=logs / f"{name}{suffix}.log" if logs else None,
            # They are built to lose nothing when killed, and nobody would be there to see them drain.
            at_our_death=signal.SIGKILL,
        )
        instances.append(Service(name, http_port, grpc_port, process))
    return instances


def grace_seconds() -> float:
    """How long a service may take to end: the person's SHUTDOWN_GRACE_SECONDS or our own number, and a little more."""
    text = from_environment("SHUTDOWN_GRACE_SECONDS")
    try:
        return (float(text) if text else _DEFAULT_GRACE) + 5
    except ValueError:
        raise Problem(f"SHUTDOWN_GRACE_SECONDS must be a number of seconds, and is {text!r}") from None
