"""Clients of the REST APIs, who repeat a request until it is answered, also through the death of whoever should answer.

Guarantees: a POST /orders is sent at least twice, to any instance, under the same Idempotency-Key or the same orderId,
and every answer is compared with the first. An answer that no client should get is kept for the report.
"""

import heapq
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from .. import rest
from ..crew import Crew
from .plan import OrderPlan

_AGAIN = 0.3  # seconds until a request is repeated
_THREADS = 3
# Steps that are asked for elsewhere than at order-service.
_WHERE = {
    "reject": ("courier-service", "/couriers/{courier}/orders/{order}/reject"),
    "assign": ("assignment-service", "/orders/{order}/assign"),
    "available": ("courier-service", "/couriers/{courier}/available"),
    "unavailable": ("courier-service", "/couriers/{courier}/unavailable"),
}


@dataclass
class _Creation:
    """A POST /orders and the first answer to it."""

    plan: OrderPlan
    key: str
    order_id: str | None = None


class RestClients:
    """Requests under way."""

    def __init__(self, ports: dict[str, list[int]], seed: str) -> None:
        """`ports` has those of the instances, by service."""
        self._ports, self._dice, self._seed = ports, random.Random(seed), seed
        self._lock = threading.Lock()
        self._due: list[tuple[float, int, Callable[[], bool]]] = []
        self._count = self._running = 0
        self.complaints: list[tuple[str, str]] = []  # the order, and what is wrong
        self.answered = self.unanswered = 0

    def start(self, crew: Crew) -> None:
        for _ in range(_THREADS):
            crew.start(self._run)

    @property
    def open(self) -> int:
        """Requests that are not done."""
        with self._lock:
            return len(self._due) + self._running

    def create(self, plan: OrderPlan) -> None:
        """Asks for the order, and asks again."""
        creation = _Creation(plan, f"{self._seed}:{plan.number}")
        self._add(lambda: self._create(creation))

    def step(self, step: dict) -> None:
        """`pickup`, `deliver`, `cancel`, `reject` or `assign` of an order, or `available` or `unavailable` of a courier, until
        it is done, or too late."""
        self._add(lambda: self._step(step))

    def _add(self, request: Callable[[], bool], delay: float = 0.0) -> None:
        with self._lock:
            self._count += 1
            heapq.heappush(self._due, (time.monotonic() + delay, self._count, request))

    def _run(self, crew: Crew) -> None:
        while not crew.ended.is_set():
            with self._lock:
                due = bool(self._due) and self._due[0][0] <= time.monotonic()
                request = heapq.heappop(self._due)[2] if due else None
                self._running += due
            if request is None:
                crew.ended.wait(_AGAIN / 10)
                continue
            try:
                done = request()
                self.answered += 1
            except rest.NoAnswer:
                done = False
                self.unanswered += 1
            if not done:
                self._add(request, _AGAIN)
            with self._lock:
                self._running -= 1

    def _instance(self, service: str) -> int:
        with self._lock:
            return self._dice.choice(self._ports[service])

    def _create(self, creation: _Creation) -> bool:
        plan = creation.plan
        keyed = plan.order_id is None or plan.number % 2 == 0
        headers = {"Idempotency-Key": creation.key} if keyed else {}
        status, said = rest.ask(self._instance("order-service"), "POST", "/orders", plan.content, headers)
        if status in (500, 503):
            return False
        if status not in (200, 201):
            self.complaints.append((plan.details, f"POST /orders was answered {status}: {said}"))
            return True
        if creation.order_id is None:
            creation.order_id = said["orderId"]
            return False  # once more
        if said["orderId"] != creation.order_id:
            self.complaints.append((plan.details, f"one request made {creation.order_id} and {said['orderId']}"))
        return True

    def _step(self, step: dict) -> bool:
        kind, order, courier = step["type"], step.get("orderId"), step.get("courierId")
        service, path = _WHERE.get(kind, ("order-service", "/orders/{order}/{kind}"))
        body = {"courierId": courier, "force": True} if kind == "assign" else None
        path = path.format(order=order, courier=courier, kind=kind)
        status, said = rest.ask(self._instance(service), "POST", path, body)
        if status in (404, 500, 503):  # 404: the service has not heard of it yet
            return False
        if status == 409:  # too early, or too late
            return kind in ("reject", "assign") or said["orderStatus"] in ("delivered", "cancelled")
        if status != 202:
            self.complaints.append((str(order or courier), f"{kind} was answered {status}: {said}"))
        return True
