"""As much of HTTP/1.1 as the proxy needs: read a message with a length, write one. Nothing is streamed; what SNS and
SQS say is small.
"""

import asyncio
from dataclasses import dataclass

_MOST = 4 * 1024 * 1024


class Broken(Exception):
    """The other side closed the connection, or said what is no HTTP."""


@dataclass
class Message:
    """A request or a response. Header names are in lower case."""

    first: str  # the request line or the status line
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Of a request."""
        return self.first.split(" ")[1]

    @property
    def status(self) -> int:
        """Of a response."""
        return int(self.first.split(" ")[1])


async def read(stream: asyncio.StreamReader) -> Message:
    """The next message. Raises Broken where none comes."""
    try:
        head = (await stream.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.pop("transfer-encoding", "") == "chunked":
            body = await _chunks(stream)
        else:
            body = await stream.readexactly(min(int(headers.get("content-length", "0")), _MOST))
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        raise Broken from error
    return Message(first, headers, body)


async def _chunks(stream: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await stream.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await stream.readexactly(size))
        await stream.readuntil(b"\r\n")
    await stream.readuntil(b"\r\n")
    return b"".join(parts)


async def write(stream: asyncio.StreamWriter, message: Message) -> None:
    """Writes it with the length of its body. Raises Broken where nobody reads."""
    headers = message.headers | {"content-length": str(len(message.body))}
    head = "\r\n".join([message.first, *(f"{name}: {value}" for name, value in headers.items())])
    try:
        stream.write(head.encode("latin-1") + b"\r\n\r\n" + message.body)
        await stream.drain()
    except OSError as error:
        raise Broken from error


def answer(status: int, body: bytes, content_type: str) -> Message:
    """A response of our own."""
    return Message(f"HTTP/1.1 {status} Chaos", {"content-type": content_type}, body)
