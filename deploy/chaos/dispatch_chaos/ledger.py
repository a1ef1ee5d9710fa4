"""What was published: everything that the harness's own queue, subscribed to both topics, has received.

It is what the services are measured against. Guarantees: an event counts once however often it was published; two
messages with one event id and different contents are noticed.
"""

import hashlib
import json
import threading
from collections import defaultdict
from dataclasses import dataclass

from . import clock, life
from .life import Happening


@dataclass(frozen=True, slots=True)
class OrderNews:
    """What an AddOrder says."""

    details: str
    zone: str
    priority: int


@dataclass(frozen=True, slots=True)
class CourierNews:
    """What an AddCourier says, and how new it is."""

    version: tuple[int, str]
    name: str
    zone: str
    available: bool
    capacity: int | None


class Ledger:
    """All that was seen. Written by the observer alone; what others ask while it goes on is under the lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contents: dict[tuple[str, str], bytes] = {}
        self.messages = 0
        self.happenings: dict[str, list[Happening]] = defaultdict(list)
        self.orders: dict[str, OrderNews] = {}
        self.couriers: dict[str, CourierNews] = {}
        self.decisions: dict[str, str] = {}  # event id -> order
        self.logged: set[str] = set()  # event ids that the event log has to have
        self.contradictions: list[tuple[str, str]] = []  # event id, what is wrong

    def record(self, body: str) -> dict | None:
        """Takes a message; answers the event if it is one and new."""
        with self._lock:
            self.messages += 1
            try:
                event = json.loads(body)
                event_id, kind = event["eventId"], event["type"]
                subject = event.get("orderId") or event["courierId"]
            except (ValueError, KeyError, TypeError):
                return None  # poison, or something that no service knows
            # An id says one thing of one subject (assignment-service, migrations/0103_lives.sql).
            content = hashlib.sha256(json.dumps(event, sort_keys=True).encode()).digest()
            known = self._contents.setdefault((event_id, subject), content)
            if known != content:
                self.contradictions.append((event_id, f"was published with two contents; one of them is {body[:300]}"))
            if known is not content:
                return None
            self._take(event, event_id, kind, subject)
            return event

    def _take(self, event: dict, event_id: str, kind: str, subject: str) -> None:
        if kind == "AddOrder":
            news = OrderNews(event["details"], event["zone"], event.get("priority", 0))
            if self.orders.setdefault(subject, news) != news:
                self.contradictions.append((event_id, f"order {subject} was published with two contents"))
        elif kind == "AddCourier":
            version = (clock.read(event["occurredAt"]), event_id)
            if subject not in self.couriers or self.couriers[subject].version < version:
                name, zone, available = event["name"], event["zone"], event["isAvailable"]
                self.couriers[subject] = CourierNews(version, name, zone, available, event.get("capacity"))
        elif kind in life.STEPS:
            at = event.get("assignedAt") or event.get("unassignedAt") or event["occurredAt"]
            self.happenings[subject].append(Happening(clock.read(at), event_id, kind, event.get("courierId")))
        elif kind != "OrderRejected":
            return
        if kind in life.DECISIONS:
            self.decisions[event_id] = subject
        else:
            self.logged.add(event_id)
