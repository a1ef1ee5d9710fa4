"""Queues, dead letters and outboxes: all empty, but for the poison that was sent."""

from collections.abc import Mapping

from ..sns_sqs import WORK_QUEUES, SnsSqsClient
from ..stores import Stores
from . import Finding

_FOR_GOOD = 43_200  # seconds; nobody else reads dead letters


class DeadLetters:
    """All dead letters that were seen. A look takes in what is new; what was seen stays out of sight in the queue."""

    def __init__(self, port: int) -> None:
        self._client = SnsSqsClient(port)
        self.seen: dict[str, list[dict]] = {queue: [] for queue in WORK_QUEUES}

    def look(self) -> None:
        for queue, letters in self.seen.items():
            while messages := self._client.receive(f"{queue}-dlq", wait=0, invisible=_FOR_GOOD):
                letters += messages


def dead_letters(letters: DeadLetters, expected: Mapping[str, set[str]]) -> Finding:
    """Each dead-letter queue has the poison that reached its queue, with the reason, and nothing else. A letter may be there
    twice: at least once is what SQS promises."""
    letters.look()
    finding = Finding("dead letters are the poison")
    for queue, found in letters.seen.items():
        poison = expected.get(queue, set())
        for letter in found:
            body, reason = letter["Body"], letter.get("MessageAttributes", {}).get("failureReason", {}).get("StringValue")
            finding.demand(body in poison, f"{queue}-dlq", f"has what is no poison ({reason}): {body[:300]}")
            if not reason:
                finding.add(f"{queue}-dlq", f"has a letter without a reason: {body[:300]}")
        for body in poison - {letter["Body"] for letter in found}:
            finding.demand(False, f"{queue}-dlq", f"lacks the poison {body[:300]}")
    return finding


def empty(client: SnsSqsClient, stores: Stores) -> list[Finding]:
    """Nothing is left to handle or to publish."""
    queues, outboxes = Finding("queues are empty"), Finding("outboxes are empty")
    for queue in WORK_QUEUES:
        depth = client.depth(queue)
        queues.demand(depth == 0, queue, f"has {depth} messages")
    for database, rows in stores.outbox.items():
        outboxes.demand(rows == 0, database, f"has {rows} events that are not published")
    return [queues, outboxes]
