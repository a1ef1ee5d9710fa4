"""The questions, asked about stores that exist only here: what is right is not complained about, and each thing that is
wrong is, by the question that is about it."""

import json
import unittest
from collections.abc import Callable
from dataclasses import replace

import paths  # noqa: F401

from dispatch_chaos import clock
from dispatch_chaos.checks import Finding, couriers, orders
from dispatch_chaos.ledger import Ledger
from dispatch_chaos.life import Standing
from dispatch_chaos.stores import CourierRow, OrderRow, Stores, ZoneKeys
from dispatch_chaos.workload.plan import DONE, OPEN, OrderPlan

_AT = 1_000_000


def event(kind: str, event_id: str, **fields: object) -> str:
    return json.dumps({"type": kind, "eventId": event_id, "occurredAt": clock.text(_AT)} | fields)


def ledger(*more: str) -> Ledger:
    """One order in zone Z with courier c, and what else is said."""
    seen = Ledger()
    assigned = {"orderId": "o", "courierId": "c", "zone": "Z", "assignedAt": clock.text(_AT)}
    for body in (
        event("AddCourier", "e1", courierId="c", name="n", zone="Z", isAvailable=True),
        event("AddOrder", "e2", orderId="o", details="d", zone="Z", addedAt=clock.text(_AT)),
        event("OrderAssigned", "e3", **assigned),
        *more,
    ):
        seen.record(body)
    return seen


def stores() -> Stores:
    """As the ledger wants it."""
    standing = Standing("assigned", "c", _AT)
    return Stores(
        facts={"o": OrderRow("Z", "0", "", standing)},
        orders={"o": OrderRow("Z", "0", "d", standing)},
        pairs={"o": standing},
        couriers={"c": CourierRow("Z", True, None, (_AT, "e1"), "n")},
        facts_couriers={"c": CourierRow("Z", True, None, (_AT, "e1"), "7")},
        events={"e1", "e2"},
        decisions={"e3"},
        outbox={},
        zones={"Z": zone()},
    )


def zone() -> ZoneKeys:
    return ZoneKeys(
        warm=True,
        couriers={"c": 1.5},
        full={},
        open={"c": "1"},
        courier={"c": "7 a -1 0 3"},
        orders={"o": "c"},
        pending={},
        unrecorded={},
    )


def plans(ends: frozenset[str] = OPEN) -> dict[str, OrderPlan]:
    return {"o": OrderPlan(0, "o", "d", "Z", 0, "stays", ends, over_rest=False)}


def answers(seen: Ledger, found: Stores, planned: dict[str, OrderPlan]) -> list[Finding]:
    return [
        orders.known(seen, found, len(planned)),
        orders.assigned_once(seen),
        orders.decisions(seen, found),
        orders.logged(seen, found),
        orders.contents(seen),
        *orders.services_agree(seen, found),
        orders.ends(found, planned),
        couriers.newest_news(seen, found),
        couriers.redis(found),
    ]


class Questions(unittest.TestCase):
    def complaints(self, seen: Ledger, found: Stores, planned: dict[str, OrderPlan] | None = None) -> set[tuple[str, str]]:
        findings = answers(seen, found, plans() if planned is None else planned)
        return {(wrong.check, wrong.subject) for finding in findings for wrong in finding.wrong}

    def test_what_is_right_is_not_complained_about(self) -> None:
        self.assertEqual(self.complaints(ledger(), stores()), set())
        self.assertTrue(all(finding.looked_at for finding in answers(ledger(), stores(), plans())))

    def test_what_comes_again_is_known(self) -> None:
        twice = event("AddOrder", "e2", orderId="o", details="d", zone="Z", addedAt=clock.text(_AT))
        self.assertEqual(self.complaints(ledger(twice), stores()), set())

    def test_what_is_wrong_in_a_store_is_found_by_the_question_about_it(self) -> None:
        moved = Standing("picked_up", "c", _AT)
        wrong: dict[str, tuple[Callable[[Stores], Stores], set[tuple[str, str]]]] = {
            "an order lost": (
                lambda s: replace(s, orders={}),
                {("orders are known", "o"), ("order-service follows events", "o")},
            ),
            "an order from nowhere": (
                lambda s: replace(s, orders=s.orders | {"x": OrderRow("Z", "0", "d", Standing("pending", None, None))}),
                {("orders are known", "x"), ("order-service follows events", "x")},
            ),
            "another text": (
                lambda s: replace(s, orders={"o": replace(s.orders["o"], details="x")}),
                {("orders are known", "o")},
            ),
            "another status": (
                lambda s: replace(s, orders={"o": replace(s.orders["o"], standing=moved)}),
                {("order-service follows events", "o")},
            ),
            "a pair lost": (lambda s: replace(s, pairs={}), {("courier-service follows events", "o")}),
            "a decision nobody published": (
                lambda s: replace(s, decisions=s.decisions | {"x"}),
                {("decided is published", "x")},
            ),
            "an event forgotten": (lambda s: replace(s, events={"e1"}), {("events are in the log", "e2")}),
            "old news of a courier": (
                lambda s: replace(s, couriers={"c": replace(s.couriers["c"], version=(_AT - 1, "e0"))}),
                {("couriers as their newest news", "c")},
            ),
        }
        for name, (spoil, expected) in wrong.items():
            with self.subTest(name):
                self.assertEqual(self.complaints(ledger(), spoil(stores())), expected)

    def test_what_is_wrong_in_redis_is_found(self) -> None:
        wrong = {
            "cold": (replace(zone(), warm=False), "Z"),
            "a score": (replace(zone(), open={"c": "2"}), "c"),
            "a place": (replace(zone(), couriers={"c": 2.5}), "c"),
            "full, and is not": (replace(zone(), couriers={}, full={"c": 1.5}), "c"),
            "a revision": (replace(zone(), courier={"c": "6 a -1 0 3"}), "c"),
            "a courier lost": (replace(zone(), courier={}), "c"),
            "unrecorded": (replace(zone(), unrecorded={"o": "c 0 - 1 5"}), "o"),
            "in the line": (replace(zone(), pending={"x": 1.0}), "x"),
            "a courier of another zone": (None, "c"),
        }
        for name, (keys, subject) in wrong.items():
            with self.subTest(name):
                zones = {"Z": keys} if keys else {"Z": zone(), "Y": replace(zone(), orders={}, open={}, couriers={})}
                complaints = self.complaints(ledger(), replace(stores(), zones=zones))
                self.assertEqual(complaints, {("Redis has the facts' scores", subject)})

    def test_an_order_of_nobody_in_redis_is_found_with_its_score(self) -> None:
        keys = replace(zone(), orders={}, open={})
        complaints = self.complaints(ledger(), replace(stores(), zones={"Z": keys}))
        self.assertEqual({subject for _, subject in complaints}, {"o", "c"})

    def test_two_assignments_are_found(self) -> None:
        second = {"orderId": "o", "courierId": "d", "zone": "Z", "assignedAt": clock.text(_AT + 1)}
        complaints = self.complaints(ledger(event("OrderAssigned", "e4", **second)), stores())
        self.assertIn(("assigned once", "o"), complaints)
        self.assertIn(("decided is published", "e4"), complaints)

    def test_one_id_with_two_contents_is_found(self) -> None:
        other = event("AddOrder", "e2", orderId="o", details="another", zone="Z", addedAt=clock.text(_AT))
        self.assertEqual(self.complaints(ledger(other), stores()), {("one event id, one content", "e2")})

    def test_another_end_than_planned_is_found(self) -> None:
        self.assertEqual(self.complaints(ledger(), stores(), plans(DONE)), {("orders end as planned", "o")})

    def test_an_order_that_was_never_published_is_missed(self) -> None:
        more = plans() | {"p": plans()["o"]}
        self.assertEqual(
            self.complaints(ledger(), stores(), more) - {("orders end as planned", "p")}, {("orders are known", "all")}
        )
