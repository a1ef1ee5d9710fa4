"""Builds the services with cargo, and installs the servers meanwhile.

Guarantees: the binaries are those that cargo says it made, wherever its target folder is. Cargo.lock is not changed.
"""

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from .foreground import run_in_foreground
from .install import Installed, ensure_installed
from .problem import Problem, say
from .settings import CHECKOUT, SERVICES, from_environment


_SERVICES = ["build", "--locked", "--workspace", "--bins"]
_TESTS = ["test", "--locked", "--workspace", "--no-run"]
_RELEASE = ["--release"]


def cargo() -> str:
    """The path of cargo."""
    found = shutil.which("cargo") or shutil.which("cargo", path=str(Path.home() / ".cargo" / "bin"))
    if not found:
        raise Problem("there is no cargo on the PATH: install Rust, best by rustup, and start again")
    return found


def build_and_install(
    *, release: bool = False, tests: bool = False, features: Sequence[str] = ()
) -> tuple[Path, Installed]:
    """The folder of the services' binaries, and the servers.

    With `tests` the tests are built in the same call of cargo: in a call of their own the dependencies would be built once
    more, since tests ask some of them for more features. For the same reason `features` are those that the tests run with.
    """
    if chosen := from_environment("DISPATCH_BIN_DIR"):
        return _built_already(Path(chosen).expanduser().absolute()), ensure_installed()
    program = cargo()
    outcome: list[Installed | BaseException] = []

    def install() -> None:
        try:
            outcome.append(ensure_installed())
        except BaseException as problem:  # for the thread that waits for us
            outcome.append(problem)

    installing = threading.Thread(target=install)
    installing.start()
    try:
        binaries = _build([program, *(_TESTS if tests else _SERVICES), *(_RELEASE if release else []), *features])
    finally:
        installing.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return binaries, outcome[0]


def _built_already(folder: Path) -> Path:
    for name in SERVICES:
        if not os.access(folder / name, os.X_OK):
            raise Problem(f"DISPATCH_BIN_DIR must be a folder with the services' binaries; there is no {name} in {folder}")
    return folder


def _build(command: list[str]) -> Path:
    if not (CHECKOUT / "target").exists():
        say("building the services; the first build takes some minutes")
    with tempfile.TemporaryFile() as messages:
        code = run_in_foreground(
            [*command, "--message-format=json-render-diagnostics"], dict(os.environ), CHECKOUT, output=messages.fileno()
        )
        if code != 0:
            raise Problem("the services could not be built: cargo says why, above")
        messages.seek(0)
        made = [json.loads(line) for line in messages if line.startswith(b"{")]
    binaries = {Path(path).name: Path(path) for message in made if (path := message.get("executable"))}
    if missing := [name for name in SERVICES if name not in binaries]:
        raise Problem(f"the workspace has no binary {missing[0]}: is this checkout complete?")
    return binaries[SERVICES[0]].parent
