"""docker-compose.yml under a name of its own, for a test: built, started, looked at, ended and removed.

Guarantees: it works with Compose v2 and with docker-compose 1.29; its containers, volumes and networks bear the name of
this checkout, so nothing of anybody else's is touched, and what a run that was killed left is found and removed by the next
one. Its images are kept: they are what makes the next build fast.
"""

import hashlib
import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .foreground import run_in_foreground
from .problem import Problem
from .settings import CHECKOUT, from_environment

PROJECT = f"dispatch-e2e-{hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]}"
_FILES = (CHECKOUT / "docker-compose.yml", CHECKOUT / "deploy" / "docker" / "e2e.yml")
_LABEL = "com.docker.compose"


def require_engine() -> None:
    """Raises a Problem when no engine answers."""
    answer = _run(["docker", "version", "--format", "{{.Server.Version}}"])
    if answer.returncode != 0:
        raise Problem(f"no Docker engine answers: {' '.join(answer.stderr.split()) or 'docker cannot be run'}")


@dataclass(frozen=True)
class Container:
    """A container, as it was when it was looked at."""

    service: str
    shown: dict

    @property
    def name(self) -> str:
        return self.shown["Name"].removeprefix("/")

    @property
    def image(self) -> str:
        """The id of its image."""
        return self.shown["Image"]

    @property
    def exit_code(self) -> int:
        return self.shown["State"]["ExitCode"]

    @property
    def ran_through(self) -> bool:
        """Whether it runs, and has done so since it was made."""
        return self.shown["State"]["Running"] and self.shown["RestartCount"] == 0

    @property
    def healthy(self) -> bool:
        return self.shown["State"].get("Health", {}).get("Status") == "healthy"

    @property
    def says(self) -> str:
        """How it is, and what its health check said last."""
        state = self.shown["State"]
        log = (state.get("Health") or {}).get("Log") or [{"Output": ""}]
        health = " ".join(log[-1]["Output"].split())
        return f"{state['Status']}, exit code {self.exit_code}, restarted {self.shown['RestartCount']} times; {health[:300]}"

    def url(self, port: int) -> str:
        """Where this port of the container is on this machine."""
        published = self.shown["NetworkSettings"]["Ports"][f"{port}/tcp"]
        return f"http://127.0.0.1:{published[0]['HostPort']}"


def history(image: str) -> list[tuple[int, str]]:
    """What an image is made of: bytes, and the instruction that made them; the newest first."""
    answer = _run(["docker", "history", "--no-trunc", "--human=false", "--format", "{{json .}}", image])
    if answer.returncode != 0:
        raise Problem(f"docker does not tell the history of {image}: {answer.stderr.strip()}")
    entries = [json.loads(line) for line in answer.stdout.splitlines()]
    return [(int(entry["Size"]), entry["CreatedBy"]) for entry in entries]


class Containers:
    """The system of docker-compose.yml; `settings` are environment variables for the file."""

    def __init__(self, settings: dict[str, str]) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
        self._environment = inherited | settings | {"DISPATCH_TAG": PROJECT}
        files = [text for file in _FILES for text in ("-f", str(file))]
        self._compose = [*_compose(), "-p", PROJECT, *files]

    def build(self) -> None:
        self._in_foreground("build")

    def start(self, instances: dict[str, int]) -> None:
        """Starts everything, this many of each of these services; returns when what depends on health has been started."""
        scale = [text for service, number in instances.items() for text in ("--scale", f"{service}={number}")]
        self._in_foreground("up", "--detach", "--no-build", *scale)

    def of(self, *services: str) -> list[Container]:
        """The containers of these services; of all without any."""
        listed = _run(["docker", "ps", "--all", "--quiet", "--filter", f"label={_LABEL}.project={PROJECT}"])
        if listed.returncode != 0:
            raise Problem(f"docker does not list the containers: {listed.stderr.strip()}")
        if not (ids := listed.stdout.split()):
            return []
        shown = json.loads(_run(["docker", "inspect", *ids]).stdout)
        all_of_them = [Container(one["Config"]["Labels"][f"{_LABEL}.service"], one) for one in shown]
        wanted = [one for one in all_of_them if not services or one.service in services]
        return sorted(wanted, key=lambda container: container.name)

    def stop(self, *services: str) -> None:
        """Asks all containers of these services to end, and waits until they have, or were killed."""
        self._quietly("stop", *services)

    def save_logs(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self._quietly("logs", "--no-color", "--timestamps").stdout)

    def remove(self) -> None:
        """Ends and removes all of it, with its data."""
        removed = self._quietly("down", "--volumes", "--remove-orphans")
        if removed.returncode != 0:
            raise Problem(f"the containers could not be removed: {' '.join(removed.stderr.split())[-500:]}")

    def _in_foreground(self, *arguments: str) -> None:
        if run_in_foreground([*self._compose, *arguments], self._environment, CHECKOUT) != 0:
            raise Problem(f"compose {arguments[0]} failed: it says why, above")

    def _quietly(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return _run([*self._compose, *arguments], self._environment)


def _compose() -> list[str]:
    """The Compose that is there, the newer one first."""
    if chosen := from_environment("DISPATCH_COMPOSE"):
        return shlex.split(chosen)
    for command in (["docker", "compose"], ["docker-compose"]):
        if _run([*command, "version"]).returncode == 0:
            return command
    raise Problem("there is no Compose: install Docker's compose plugin, or docker-compose 1.29")


def _run(command: list[str], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """In a session of its own: Ctrl-C is for us, and what we do after it has to be done."""
    try:
        return subprocess.run(
            command,
            env=environment,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]} cannot be run: {error.strerror}")
