"""Are the services reached where docker-compose.yml publishes them? Tests talk to one container in particular, at ports of
its own; whoever uses the file talks to the gateway. So that is asked besides: REST and gRPC of each, through its ports.
"""

import http.client
import urllib.error
import urllib.request

from . import grpc_health
from .settings import PORTS
from .stopping import wait_for

_WITHIN = 30.0  # it was well when the tests began; the last of them may have kept the stores busy
_ANSWER = 10.0  # a service gives up asking its stores before


def complaints(ports: dict[str, int]) -> list[str]:
    """A line for each published port of a service, by the keys of PORTS, behind which nobody is ready."""
    lines = []
    for port in PORTS:
        ask = {"http": rest_complaint, "grpc": grpc_health.complaint}.get(port.key.rpartition("-")[2])
        if ask is None:
            continue
        if not wait_for(lambda: not ask(ports[port.key]), _WITHIN, every=0.5):  # noqa: B023
            lines.append(f"through the gateway, {port.what} {ask(ports[port.key]) or 'answers too late'}")
    return lines


def rest_complaint(port: int) -> str:
    """Why the service behind this port is not ready; empty when it is."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://127.0.0.1:{port}/readyz", timeout=_ANSWER) as answer:
            return "" if answer.status == 200 else f"answers {answer.status}"
    except urllib.error.HTTPError as error:
        return " ".join(f"answers {error.code}: {error.read(500).decode(errors='replace')}".split())
    except (OSError, http.client.HTTPException) as error:
        return f"does not answer: {error}"
