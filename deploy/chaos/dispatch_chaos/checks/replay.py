"""`assignment-service replay --verify`: the event log, folded, gives the facts."""

import subprocess

from ..system import System
from . import Finding

_WITHIN = 600


def clean(system: System) -> Finding:
    """Runs it with the environment of the service."""
    finding = Finding("replay --verify is clean")
    service = system.of("assignment-service")[0].process
    program = [*service.command, "replay", "--verify"]
    said = subprocess.run(program, env=service.environment, capture_output=True, text=True, check=False, timeout=_WITHIN)
    finding.demand(said.returncode == 0, "replay", f"exit code {said.returncode}: {(said.stdout + said.stderr)[-2000:]}")
    return finding
