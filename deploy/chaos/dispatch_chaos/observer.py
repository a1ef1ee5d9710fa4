"""Reads the harness's own queue, which is subscribed to both topics, into the ledger, and tells who listens of each new
event.
"""

from collections.abc import Callable

from .crew import Crew
from .ledger import Ledger
from .sns_sqs import SnsSqsClient

QUEUE = "chaos-observer"
TOPICS = ("events-topic", "assignment-topic")


_READERS = 2


class Observer:
    """The readers, in threads of their own until the crew ends."""

    def __init__(self, port: int, ledger: Ledger, on_event: Callable[[dict], None]) -> None:
        self._port, self._ledger, self._on_event = port, ledger, on_event
        SnsSqsClient(port).subscribe(QUEUE, TOPICS)

    def start(self, crew: Crew) -> None:
        for _ in range(_READERS):
            crew.start(self._run)

    def _run(self, crew: Crew) -> None:
        client = SnsSqsClient(self._port)
        while not crew.ended.is_set():
            messages = client.receive(QUEUE, wait=1, invisible=600)
            for message in messages:
                if event := self._ledger.record(message["Body"]):
                    self._on_event(event)
            if messages:
                client.delete(QUEUE, messages)
