"""SNS, SQS and CloudFormation: ministack, a local emulator of AWS.

Guarantees: it listens on the loopback interface only and calls nobody; it has the topology of deploy/aws in it; when it
is ended in an orderly way, queued messages are there again after the next start. It writes its state only at that
moment: when it is killed, the next start has the state of the last orderly end, so messages may be gone or come again.
"""

import http.client
from pathlib import Path

from .. import environment, topology
from ..install import Installed
from ..process import Process
from ..settings import ACCOUNT, REGION


class SnsSqs:
    """The local SNS and SQS, with their state in `data`; `keep` says whether the state outlives the process."""

    name = "the local SNS and SQS"

    def __init__(self, installed: Installed, data: Path, log: Path, port: int, *, keep: bool) -> None:
        self._installed, self._data, self.port = installed, data, port
        settings = {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "SERVICES": "sns,sqs,cloudformation",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "PERSIST_STATE": "1" if keep else "0",
            "STATE_DIR": str(data),
            "LOG_LEVEL": "WARNING",
            "HOME": str(data),
            "TMPDIR": str(data),
            "DOCKER_HOST": "unix:///nonexistent",  # it would look for its containers, and start some
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        command = [str(installed.python), "-I", "-m", "ministack"]
        self.process = Process("sns-sqs", command, environment.bare() | settings, log, folder=data)

    @property
    def url(self) -> str:
        """By number, not by name: no resolver comes into it."""
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        self._data.mkdir(parents=True, exist_ok=True)
        _move_to_port(self._data, self.port)

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/_ministack/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def fill(self) -> None:
        topology.apply(self._installed, self.port)


def _move_to_port(state: Path, port: int) -> None:
    """Saved queue URLs hold the port. When another port is chosen, they are changed, or the queues would not be found."""
    noted = state / "port"
    former = noted.read_text() if noted.is_file() else str(port)
    if former != str(port):
        for file in state.glob("*.json"):
            text = file.read_text(encoding="utf-8")
            moved = text.replace(f"http://localhost:{former}/", f"http://localhost:{port}/")
            if moved != text:
                unfinished = file.with_suffix(".moved")
                unfinished.write_text(moved, encoding="utf-8")
                unfinished.replace(file)
    noted.write_text(str(port))
