"""Asks a gRPC server how it is (grpc.health.v1), with nothing but the standard library: one call over HTTP/2, as clients
begin it where there is no TLS. It is for the way to the server, such as a proxy; what else it answers, the tests ask.

Guarantees: it ends within the given time, or little later; it says why in a line whenever the answer is not SERVING.
"""

import socket
import time
from typing import BinaryIO

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _GOAWAY = 0, 1, 3, 4, 7
_END_STREAM, _ACK, _END_HEADERS = 0x1, 0x1, 0x4
_CALL = 1  # the stream of the only call
_PATH = b"/grpc.health.v1.Health/Check"
_EMPTY = bytes(5)  # a message of no bytes: the request, for the server as a whole
_SERVING = bytes((0, 0, 0, 0, 2, 0x08, 1))  # a message of two bytes: field 1 is 1


def complaint(port: int, within: float = 5.0) -> str:
    """Why the server at this port of this machine does not serve; empty when it does."""
    deadline = time.monotonic() + within
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=within) as connection:
            connection.sendall(_PREFACE + _frame(_SETTINGS, 0, 0, b"") + _call(port))
            with connection.makefile("rb") as frames:
                answer = _answer(connection, frames, deadline)
    except OSError as error:
        return f"does not answer a gRPC health check: {error}"
    return "" if answer == _SERVING else f"answers a gRPC health check with {answer[:100]!r}"


def _call(port: int) -> bytes:
    # POST and http are numbers of the table of HPACK; the others are spelled out, without compression.
    spelled = (
        (b":path", _PATH),
        (b":authority", b"127.0.0.1:%d" % port),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
    )
    headers = b"\x83\x86" + b"".join(b"\0" + _text(name) + _text(value) for name, value in spelled)
    return _frame(_HEADERS, _END_HEADERS, _CALL, headers) + _frame(_DATA, _END_STREAM, _CALL, _EMPTY)


def _answer(connection: socket.socket, frames: BinaryIO, deadline: float) -> bytes:
    """All that the call is answered, but its headers."""
    answer = b""
    while time.monotonic() < deadline:
        head = _exactly(frames, 9)
        length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        stream, payload = int.from_bytes(head[5:], "big"), _exactly(frames, length)
        if kind == _SETTINGS and not flags & _ACK:
            connection.sendall(_frame(_SETTINGS, _ACK, 0, b""))
        if kind == _GOAWAY or (kind == _RST_STREAM and stream == _CALL):
            raise ConnectionError("the server broke it off")
        if stream == _CALL and kind == _DATA:
            answer += payload
        if stream == _CALL and kind in (_DATA, _HEADERS) and flags & _END_STREAM:
            return answer
    raise TimeoutError("timed out")


def _exactly(frames: BinaryIO, length: int) -> bytes:
    read = frames.read(length)
    if len(read) < length:
        raise ConnectionError("the server closed the connection")
    return read


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _text(text: bytes) -> bytes:
    assert len(text) < 127, "a length of one byte"
    return bytes((len(text),)) + text
