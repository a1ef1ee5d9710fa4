"""The files that are looked at, read as what they are: the compose file by the YAML library of the pinned wheels (which
`ensure_installed` brings), the Dockerfiles instruction by instruction.
"""

import json
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
DOCKER = CHECKOUT / "deploy" / "docker"
sys.path.insert(0, str(CHECKOUT / "deploy" / "local"))

from dispatch_local.install import ensure_installed  # noqa: E402


@cache
def yaml_file(path: Path) -> dict:
    """A YAML file, with anchors and merges resolved."""
    packaged = ensure_installed().in_packages("yaml/__init__.py")
    assert packaged is not None, "PyYAML is among the pinned wheels"
    if (folder := str(packaged.parents[1])) not in sys.path:
        sys.path.append(folder)
    import yaml  # after it was installed

    return yaml.safe_load(path.read_text(encoding="utf-8"))


def compose() -> dict:
    return yaml_file(CHECKOUT / "docker-compose.yml")


def default(text: str) -> str:
    """The text with each ${NAME:-value} replaced by its value."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def variables(text: str) -> set[str]:
    """The names of the variables in the text."""
    return set(re.findall(r"\$\{(\w+)", text))


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile."""

    word: str
    rest: str

    @property
    def exec_form(self) -> list[str] | None:
        """The program and its arguments; None for one that a shell runs."""
        text = self.rest[self.rest.find("[") :] if "[" in self.rest else ""
        try:
            return json.loads(text)
        except ValueError:
            return None


@dataclass
class Dockerfile:
    """A Dockerfile: the arguments before its first stage, and its stages by their names, in their order."""

    arguments: dict[str, str]
    bases: dict[str, str]
    stages: dict[str, list[Instruction]]

    def of(self, stage: str) -> list[Instruction]:
        """All instructions that make a stage, those of the stages that it is based on first."""
        base = self.bases[stage]
        return (self.of(base) if base in self.stages else []) + self.stages[stage]

    def last(self, stage: str, word: str) -> Instruction:
        return [instruction for instruction in self.of(stage) if instruction.word == word][-1]


@cache
def dockerfile(path: Path) -> Dockerfile:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    read = Dockerfile({}, {}, {})
    stage = None
    for statement in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, rest = statement.strip().partition(" ")
        if not word:
            continue
        if word == "FROM":
            base, _, stage = rest.partition(" AS ")
            read.bases[stage], read.stages[stage] = base, []
        elif stage is None:
            assert word == "ARG", f"{word} before the first stage"
            name, _, value = rest.partition("=")
            read.arguments[name] = value
        else:
            read.stages[stage].append(Instruction(word, rest))
    return read
