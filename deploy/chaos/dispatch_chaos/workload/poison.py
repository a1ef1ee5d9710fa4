"""Messages that break the format. Each has to end in the dead-letter queue of each queue that it reaches, and nothing
else may.
"""

import json
import random

from .couriers import new_id

# What kind -> the topic, and the queues that it reaches by the filters of the topology.
_KINDS = {
    "no JSON": ("events-topic", ("events-queue",)),
    "an order of no zone": ("events-topic", ("events-queue", "order-events-queue")),
    "a courier of no zone": ("events-topic", ("events-queue", "courier-events-queue")),
    "an assignment to nobody": ("assignment-topic", ("order-assignment-queue", "assignment-queue")),
}


class Poison:
    """Makes them, and keeps what has to be in which dead-letter queue."""

    def __init__(self, dice: random.Random) -> None:
        self._dice, self._number = dice, 0
        self.expected: dict[str, set[str]] = {queue: set() for _, queues in _KINDS.values() for queue in queues}

    def brew(self) -> tuple[str, str]:
        """The next one: its topic and its body."""
        kinds = list(_KINDS)
        kind = kinds[self._number % len(kinds)]
        self._number += 1
        topic, queues = _KINDS[kind]
        body = self._body(kind)
        for queue in queues:
            self.expected[queue].add(body)
        return topic, body

    def _body(self, kind: str) -> str:
        mark = f"chaos poison {self._number}"
        if kind == "no JSON":
            return f'{{"{mark}":'
        if kind == "an order of no zone":
            return json.dumps(
                {"orderId": new_id(self._dice), "details": mark, "zone": "{S}", "addedAt": "2026-01-01T00:00:00Z"}
            )
        if kind == "a courier of no zone":
            return json.dumps({"courierId": new_id(self._dice), "name": mark, "zone": "", "isAvailable": True})
        return json.dumps({"type": "OrderAssigned", "orderId": new_id(self._dice), "zone": "S", "note": mark})
