"""Lives the plans: whenever an order gets to a courier, what the plan has them do is due a moment later.

The harness hears of an assignment by its own queue, as anybody outside of Dispatch would. Steps name the courier or
not, and are dated after the assignment; so each has its effect unless the order was taken from that courier meanwhile,
and then the next one says it again.
"""

import heapq
import random
import threading
from collections import Counter

from .. import clock
from ..ledger import Ledger
from .couriers import new_id
from .plan import OrderPlan

_AFTER = 2.0  # seconds at the most, between two steps

# What is done with an order that a courier got, for each plan.
_STEPS = {
    "is picked up": ("OrderPickedUp",),
    "is picked up and delivered": ("OrderPickedUp", "OrderDelivered"),
    "is delivered": ("OrderDelivered",),
    "is cancelled after it was assigned": ("OrderCancelled",),
    "is delivered and cancelled": ("OrderDelivered", "OrderCancelled"),
    "is declined": ("OrderRejected",),
    "is declined, then delivered": ("OrderRejected", "OrderDelivered"),
    "is picked up and delivered over REST": ("pickup", "deliver"),
    "is cancelled over REST": ("cancel",),
    "is declined over REST": ("reject",),
    "is pinned to somebody by hand": ("assign",),
}
OVER_REST = frozenset({"pickup", "deliver", "cancel", "reject", "assign"})
_FIRST_TIME_ONLY = frozenset({"OrderRejected", "reject", "assign"})


class Lives:
    """The steps that are due. The observer tells of assignments; the publisher takes what is due."""

    def __init__(self, seed: str, couriers: list[str]) -> None:
        self._seed, self._couriers = seed, couriers
        self._lock = threading.Lock()
        self._plans: dict[str, OrderPlan] = {}  # by details
        self._of_order: dict[str, OrderPlan] = {}
        self._early: dict[str, list[dict]] = {}  # assignments of orders that are not known to be ours yet
        self._times_assigned: Counter[str] = Counter()
        self._due: list[tuple[int, int, str, dict]] = []
        self._count = 0

    def expect(self, plan: OrderPlan) -> None:
        """The order is about to be published or asked for."""
        with self._lock:
            self._plans[plan.details] = plan

    def on_event(self, event: dict) -> None:
        """An event was published, by whomever."""
        with self._lock:
            order = event.get("orderId", "")
            if event["type"] == "AddOrder" and (plan := self._plans.get(event["details"])):
                self._of_order[order] = plan
                for assignment in self._early.pop(order, []):
                    self._assigned(plan, assignment)
            elif event["type"] == "OrderAssigned":
                if plan := self._of_order.get(order):
                    self._assigned(plan, event)
                else:
                    self._early.setdefault(order, []).append(event)

    def _assigned(self, plan: OrderPlan, event: dict) -> None:
        order, courier = event["orderId"], event["courierId"]
        steps = _STEPS.get(plan.life, ())
        if steps and steps[0] in _FIRST_TIME_ONLY:
            steps = steps[1:] if self._times_assigned[order] else steps[:1]
        self._times_assigned[order] += 1
        # Of this assignment's own: in which order assignments are heard of is a matter of timing.
        dice = random.Random(f"{self._seed}:{plan.number}:{self._times_assigned[order]}")
        at = max(clock.now(), clock.read(event["assignedAt"]) + 1)
        for step in steps:
            at += int(dice.uniform(0, _AFTER) * 1_000_000)
            said = {"type": step, "eventId": new_id(dice), "occurredAt": clock.text(at), "orderId": order}
            named = step in ("OrderRejected", "reject")
            if named or (step in ("OrderPickedUp", "OrderDelivered") and dice.random() < 0.5):
                said["courierId"] = courier
            elif step == "assign":
                said["courierId"] = dice.choice(self._couriers)
            self._count += 1
            heapq.heappush(self._due, (at, self._count, step, said))

    def due(self) -> list[dict]:
        """The steps whose time has come; each is handed out once."""
        with self._lock:
            steps = []
            while self._due and self._due[0][0] <= clock.now():
                steps.append(heapq.heappop(self._due)[3])
            return steps

    @property
    def waiting(self) -> int:
        """Steps whose time has not come."""
        with self._lock:
            return len(self._due)

    def plans(self, ledger: Ledger) -> dict[str, OrderPlan]:
        """The plan of each order that was published. Of orders with one text, which only a bug makes, all are told."""
        with self._lock:
            known = self._plans
            return {order: known[news.details] for order, news in ledger.orders.items() if news.details in known}

    @property
    def planned(self) -> int:
        """How many orders there have to be."""
        with self._lock:
            return len(self._plans)
