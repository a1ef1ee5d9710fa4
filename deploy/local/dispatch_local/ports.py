"""TCP ports on the loopback interface: is one free, and a block of free ones for a test run.

A block is claimed by listening on its first port for as long as the run lasts, so two runs at the same time never get
the same block. Blocks lie below the ports that systems give to outgoing connections, so that none of those gets in the
way between the choice of a port and its use.
"""

import random
import socket

from .problem import Problem
from .settings import PORTS

_FIRST, _LAST, _BLOCK = 20000, 31999, 24


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return not answers(port)  # on macOS the bind above works although another listens on all interfaces


def answers(port: int) -> bool:
    """Whether somebody listens on the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def require_free(ports: dict[str, int]) -> None:
    """Raises a Problem for the first port that is in use."""
    for port in PORTS:
        if port.key in ports and not is_free(ports[port.key]):
            raise Problem(
                f"port {ports[port.key]} ({port.what}) is in use: end what uses it, "
                f"or choose another one by {port.flag} or {port.variable}"
            )


class Block:
    """A block of free ports that nobody else gets while this object lives."""

    def __init__(self) -> None:
        for _ in range(200):
            first = random.randrange(_FIRST, _LAST - _BLOCK, _BLOCK)
            claim = socket.socket()
            try:
                claim.bind(("127.0.0.1", first))
                claim.listen(1)
            except OSError:
                claim.close()
                continue
            if all(is_free(port) for port in range(first + 1, first + _BLOCK)):
                self._claim, self._next, self._end = claim, first + 1, first + _BLOCK
                return
            claim.close()
        raise Problem(f"there are no {_BLOCK} free ports in a row between {_FIRST} and {_LAST}: end what uses them")

    def take(self) -> int:
        """The next free port of the block."""
        assert self._next < self._end, "the block of ports is too small"
        self._next += 1
        return self._next - 1

    def release(self) -> None:
        """Lets others have the block."""
        self._claim.close()
