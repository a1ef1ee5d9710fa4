"""`servers -- COMMAND`: for whoever works on one crate. Servers as for the tests, no services, and a command of yours.

The command runs with the DISPATCH_TEST_* variables of the servers set; its exit code is ours. It may be a shell.
"""

from .foreground import run_in_foreground
from .install import ensure_installed
from .problem import Problem
from .scratch import Scratch
from .stopping import requested


def with_servers(command: list[str]) -> int:
    """Runs the command while the servers are up."""
    if not command:
        raise Problem("which command? python3 deploy/local servers -- cargo test -p NAME, or -- sh for a shell")
    scratch = Scratch(ensure_installed())
    up = False
    try:
        scratch.start()
        up = True
        return run_in_foreground(command, scratch.environment())
    finally:
        scratch.end(keep_logs=not up and not requested.is_set())
