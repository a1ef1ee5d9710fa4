"""`e2e --docker`: the black-box tests against docker-compose.yml, with images built from this checkout.

What is tested are the images, how they are started, wired and ended; so only tests that act on a running system from outside
are run: those of the crate e2e without its feature `processes`, which whatever starts or kills processes by itself needs in
order to be compiled. Those in a browser are among them where there is one. The rest of the tests need no container.

Guarantees: the exit code is that of `cargo test`, and 1 if the tests passed but a container ended by itself, did not become
healthy, did not drain in time or did not exit with 0, a service was not reached through the gateway, or an image of ours is
too large. Everything is ended and removed afterwards, data too; images are kept.
It runs beside run.sh and other test runs, on ports of its own.
"""

import sys

from . import browser, environment, gateway, image_size, quiet
from .build import cargo
from .containers import PROJECT, Container, Containers, history, require_engine
from .foreground import run_in_foreground
from .install import ensure_installed
from .instance import Instance
from .ports import Block
from .problem import Problem, say
from .settings import CHECKOUT, LOCAL, PORTS, SERVICES
from .stopping import Stopped, wait_for

_INSTANCES = 2
_READY_WITHIN = 120.0
_PASSWORD = "e2e"
_PORTS_INSIDE = {"order-service": (9080, 9081), "courier-service": (9070, 9071), "assignment-service": (9325, 9326)}
_TESTS = ["test", "--locked", "-p", "e2e", "--no-default-features"]
_ENDS_BY_ITSELF = "topology"


def docker_e2e(arguments: list[str]) -> int:
    """Runs the tests; the arguments are for `cargo test`."""
    require_engine()
    instance = Instance(
        LOCAL / "docker-e2e.lock", already="run-e2e.sh --docker runs already in this checkout (process {pid})"
    )
    found = browser.find()
    found.say_if_missing(_TESTS)
    aws = ensure_installed().aws
    block = Block()
    ports = {port.key: block.take() for port in PORTS}
    chosen = {port.variable: str(ports[port.key]) for port in PORTS}
    containers = Containers(chosen | {"DISPATCH_BIND": "127.0.0.1", "POSTGRES_PASSWORD": _PASSWORD})
    try:
        containers.remove()  # what a run that was killed left
        containers.build()
        tests = [cargo(), *_TESTS, *found.features]
        if run_in_foreground([*tests, "--no-run"], environment.cleaned(), CHECKOUT) != 0:
            raise Problem("the tests could not be built: cargo says why, above")
        return _run(containers, ports, [*tests, *arguments], {"DISPATCH_TEST_AWS_CLI": str(aws)} | found.environment())
    finally:
        containers.remove()
        block.release()
        instance.release()


def _run(containers: Containers, ports: dict[str, int], command: list[str], variables: dict[str, str]) -> int:
    try:
        containers.start(dict.fromkeys(SERVICES, _INSTANCES))
        _wait_until_healthy(containers)
        code = run_in_foreground(command, _environment(containers, ports) | variables, CHECKOUT)
        complaints = [
            f"{container.name} did not run through: {container.says}"
            for container in _lasting(containers)
            if not container.ran_through
        ]
        complaints += gateway.complaints(ports)
        if code == 0 and not complaints:  # else what is left in the queues says nothing
            complaints = quiet.complaints(ports["sns-sqs"])
        complaints += _end_services(containers) + _too_large(containers)
    except Stopped:
        raise
    except BaseException:
        _keep_logs(containers)
        raise
    for complaint in complaints:
        print(f"dispatch: {complaint}", file=sys.stderr)
    if code or complaints:
        _keep_logs(containers)
    return code or int(bool(complaints))


def _lasting(containers: Containers) -> list[Container]:
    return [container for container in containers.of() if container.service != _ENDS_BY_ITSELF]


def _wait_until_healthy(containers: Containers) -> None:
    say(f"waiting until the containers of {PROJECT} are healthy")
    if not wait_for(lambda: all(container.healthy for container in _lasting(containers)), _READY_WITHIN, every=0.5):
        sick = next(container for container in _lasting(containers) if not container.healthy)
        raise Problem(f"{sick.name} is not healthy after {_READY_WITHIN:.0f} s: {sick.says}")


def _environment(containers: Containers, ports: dict[str, int]) -> dict[str, str]:
    """The environment of the tests, as `e2e` without containers has it, but for the folder of binaries."""
    addresses = {}
    for service in SERVICES:
        instances = containers.of(service)
        short = service.removesuffix("-service").upper()
        for kind, port in zip(("HTTP", "GRPC"), _PORTS_INSIDE[service], strict=True):
            addresses[f"DISPATCH_TEST_{short}_{kind}"] = ",".join(instance.url(port) for instance in instances)
    return (
        environment.cleaned()
        | environment.aws()
        | addresses
        | {
            "DISPATCH_TEST_DATABASE_URL": f"postgres://postgres:{_PASSWORD}@127.0.0.1:{ports['postgres']}/postgres",
            "DISPATCH_TEST_REDIS_URL": f"redis://127.0.0.1:{ports['valkey']}",
            "DISPATCH_TEST_AWS_ENDPOINT": f"http://127.0.0.1:{ports['sns-sqs']}",
        }
    )


def _end_services(containers: Containers) -> list[str]:
    """Ends the services; a line for each instance that did not drain and end well."""
    containers.stop(*SERVICES)
    return [
        f"{container.name} did not end well after SIGTERM: {container.says}"
        for container in containers.of(*SERVICES)
        if container.exit_code != 0
    ]


def _too_large(containers: Containers) -> list[str]:
    """A line for each image of a service that is too large."""
    images = {container.service: container.image for container in containers.of(*SERVICES)}
    return [line for service, image in images.items() if (line := image_size.complaint(service, history(image)))]


def _keep_logs(containers: Containers) -> None:
    log = LOCAL / "log" / "docker-e2e.log"
    containers.save_logs(log)
    print(f"dispatch: what the containers said is in {log}", file=sys.stderr)
