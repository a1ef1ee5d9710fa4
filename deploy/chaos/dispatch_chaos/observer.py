"""Reads the harness's own queue, which is subscribed to both topics, into the ledger, and tells who listens of each new
event.
"""

from collections.abc import Callable

from .crew import Crew
from .ledger import Ledger
from .sns_sqs import SnsSqsClient

QUEUE = "chaos-observer"
TOPICS = ("events-topic", "assignment-topic")


class Observer:
    """The reader, in a thread of its own until the crew ends."""

    def __init__(self, port: int, ledger: Ledger, on_event: Callable[[dict], None]) -> None:
        self._client, self._ledger, self._on_event = SnsSqsClient(port), ledger, on_event
        self._client.subscribe(QUEUE, TOPICS)

    def run(self, crew: Crew) -> None:
        """Reads until the crew ends."""
        while not crew.ended.is_set():
            messages = self._client.receive(QUEUE, wait=1, invisible=600)
            for message in messages:
                if event := self._ledger.record(message["Body"]):
                    self._on_event(event)
            if messages:
                self._client.delete(QUEUE, messages)
