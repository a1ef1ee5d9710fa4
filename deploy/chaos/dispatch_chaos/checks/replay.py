"""`assignment-service replay --verify`: the event log, folded, gives the facts."""

import subprocess

from ..system import System
from . import Finding

# The one place to change when a service without `replay` is no longer to be accepted.
REQUIRED = False
_WITHIN = 600


def clean(system: System) -> Finding:
    """Runs it with the environment of the service."""
    finding = Finding("replay --verify is clean")
    service = system.of("assignment-service")[0].process
    program = [*service.command, "replay"]
    there = subprocess.run([*program, "--help"], env=service.environment, capture_output=True, check=False, timeout=60)
    if there.returncode != 0:
        finding.note = "not available"
        if REQUIRED:
            finding.add("replay", "the service has no such command")
        return finding
    said = subprocess.run(
        [*program, "--verify"], env=service.environment, capture_output=True, text=True, check=False, timeout=_WITHIN
    )
    finding.demand(said.returncode == 0, "replay", f"exit code {said.returncode}: {(said.stdout + said.stderr)[-2000:]}")
    return finding
