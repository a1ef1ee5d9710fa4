"""`servers -- COMMAND`: for whoever works on one crate. Servers as for the tests, no services, and a command of yours.

The command runs with the DISPATCH_TEST_* variables of the servers set; its exit code is ours. It may be a shell.
"""

from .foreground import run_in_foreground
from .install import ensure_installed
from .problem import Problem
from .scratch import Scratch


def with_servers(command: list[str]) -> int:
    """Runs the command while the servers are up."""
    command = command[1:] if command[:1] == ["--"] else command
    if not command:
        raise Problem("which command? python3 deploy/local servers -- cargo test -p NAME, or -- sh for a shell")
    scratch = Scratch(ensure_installed())
    try:
        scratch.start()
        code = run_in_foreground(command, scratch.environment())
    except BaseException:
        scratch.end(keep_logs=True)
        raise
    scratch.end(keep_logs=False)
    return code
