"""A client for Redis or Valkey: as much of its protocol as the harness needs."""

import socket
from typing import Any


class RedisClient:
    """A connection, made for each use of `with`."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __enter__(self) -> "RedisClient":
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        self._file = self._socket.makefile("rb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def ask(self, *words: str | int | float) -> Any:
        """The answer to a command: text, a number, nothing, or a list of those. Raises OSError for an error."""
        encoded = [str(word).encode() for word in words]
        self._socket.sendall(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded))
        return self._read()

    def _read(self) -> Any:
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise OSError(f"Redis answered: {rest.decode()}")
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return [self._read() for _ in range(int(rest))]
        return rest.decode()

    def hash(self, key: str) -> dict[str, str]:
        """All of a hash."""
        flat = self.ask("HGETALL", key)
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def scores(self, key: str) -> dict[str, float]:
        """All of a sorted set."""
        flat = self.ask("ZRANGE", key, 0, -1, "WITHSCORES")
        return {member: float(score) for member, score in zip(flat[::2], flat[1::2], strict=True)}
