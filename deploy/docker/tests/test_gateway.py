"""What is asked of the gateway is answered by servers that are well, by sick ones and by none. No engine is needed."""

import http.server
import socket
import threading
import unittest
from collections.abc import Iterator
from contextlib import contextmanager

import tests.files  # noqa: F401  finds dispatch_local

from dispatch_local import gateway, grpc_health

_SETTINGS, _ACKNOWLEDGED = b"\0\0\0\4\0\0\0\0\0", b"\0\0\0\4\1\0\0\0\0"
_HEADERS, _TRAILERS = b"\0\0\1\1\4\0\0\0\1\x88", b"\0\0\0\1\5\0\0\0\1"
_GOAWAY = b"\0\0\x08\7\0\0\0\0\0" + bytes(8)


def _data(message: bytes) -> bytes:
    payload = b"\0" + len(message).to_bytes(4, "big") + message
    return len(payload).to_bytes(3, "big") + b"\0\0\0\0\0\1" + payload


@contextmanager
def grpc_server(answer: bytes) -> Iterator[int]:
    """A server that gives this answer to its first connection, and closes it when the client has; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(10)
                connection.sendall(answer)
                while connection.recv(1000):
                    pass

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield listening.getsockname()[1]
        serving.join(timeout=10)


class Grpc(unittest.TestCase):
    def complaint(self, answer: bytes) -> str:
        with grpc_server(answer) as port:
            return grpc_health.complaint(port, within=0.5)

    def test_a_server_that_serves_is_well(self) -> None:
        begin = _SETTINGS + _ACKNOWLEDGED + _HEADERS
        self.assertEqual(self.complaint(begin + _data(b"\x08\1") + _TRAILERS), "")

    def test_any_other_answer_is_a_complaint(self) -> None:
        not_serving, unknown = b"\x08\2", b""
        for message in (not_serving, unknown):
            self.assertIn("answers", self.complaint(_SETTINGS + _HEADERS + _data(message) + _TRAILERS))
        self.assertIn("answers", self.complaint(_SETTINGS + _TRAILERS))  # an error is no message
        self.assertIn("broke it off", self.complaint(_SETTINGS + _GOAWAY))

    def test_a_server_that_says_nothing_is_not_waited_for(self) -> None:
        self.assertIn("timed out", self.complaint(_SETTINGS))

    def test_nobody_there_is_a_complaint(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        self.assertIn("does not answer", grpc_health.complaint(port, within=0.5))


class Rest(unittest.TestCase):
    def test_only_200_is_well(self) -> None:
        for status, expected in ((200, ""), (503, "answers 503: what is wrong")):
            with self.subTest(status), rest_server(status) as port:
                self.assertEqual(gateway.rest_complaint(port), expected)

    def test_nobody_there_is_a_complaint(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        self.assertIn("does not answer", gateway.rest_complaint(port))


@contextmanager
def rest_server(status: int) -> Iterator[int]:
    """A server whose /readyz answers so; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()
            self.wfile.write(b"" if status == 200 else b"what is\nwrong")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


if __name__ == "__main__":
    unittest.main()
