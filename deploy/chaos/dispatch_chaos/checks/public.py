"""What clients see over REST: the lists of all orders and pairs in full, single answers of a sample.

The pairs are asked for with their orders, which courier-service looks up at order-service over gRPC; so every order
that is with somebody comes over all three ways.
"""

import random
from collections import Counter

from .. import clock, rest
from ..life import Standing
from ..stores import Stores
from ..system import System
from . import Finding

_SAMPLE = 300


def _standing(said: dict) -> Standing:
    at = said["assignedAt"]
    return Standing(said["status"], said["courierId"], None if at is None else clock.read(at))


def order_lists(system: System, stores: Stores) -> Finding:
    """GET /orders shows each order as it is, once."""
    finding = Finding("REST: GET /orders")
    shown: Counter[str] = Counter()
    for page in rest.pages(system.of("order-service")[0].http, "/orders?limit=100"):
        for said in page["items"]:
            order = said["orderId"]
            shown[order] += 1
            row = stores.facts.get(order)
            same = row is not None and row.standing == _standing(said)
            finding.demand(same, order, f"is shown as {said}, the facts have {row}")
    for order in stores.facts:
        if shown[order] != 1:
            finding.add(order, f"is in the list {shown[order]} times")
    return finding


def courier_lists(system: System, stores: Stores) -> Finding:
    """GET /couriers/{id}/orders shows each order with who has it or had it, and order-service's view of it."""
    finding = Finding("REST and gRPC: orders of couriers")
    port, shown = system.of("courier-service")[-1].http, Counter[str]()
    for courier in stores.facts_couriers:
        for page in rest.pages(port, f"/couriers/{courier}/orders?limit=100&expand=order"):
            for order in page["missing"]:
                finding.add(order, "order-service does not know it, asked over gRPC")
            for said in page["items"]:
                order = said["orderId"]
                shown[order] += 1
                row = stores.facts.get(order)
                ours = row.standing if row else None
                finding.demand(ours == _standing(said), order, f"is shown as {said}, the facts have {row}")
                if said.get("order") and _standing(said["order"]) != ours:
                    finding.add(order, f"comes over gRPC as {said['order']}, the facts have {row}")
    for order, row in stores.facts.items():
        if shown[order] != (row.standing.courier is not None):
            finding.add(order, f"is in the lists {shown[order]} times, the facts have {row}")
    return finding


def decisions(system: System, stores: Stores, seed: int) -> Finding:
    """GET /orders/{id}/decision of a sample, at every instance."""
    finding = Finding("REST: decisions (a sample)")
    dice, services = random.Random(seed), system.of("assignment-service")
    for order in dice.sample(sorted(stores.facts), min(_SAMPLE, len(stores.facts))):
        status, said = rest.ask(dice.choice(services).http, "GET", f"/orders/{order}/decision")
        row = stores.facts[order]
        same = status == 200 and _standing(said) == row.standing
        finding.demand(same or not row.zone, order, f"is shown as {said}, the facts have {row}")
    return finding


def scores(system: System, stores: Stores) -> Finding:
    """GET /zones/{zone}: the score of a courier is the number of orders now assigned to them."""
    finding = Finding("REST: scores of couriers")
    load = Counter(row.standing.courier for row in stores.facts.values() if row.standing.status in ("assigned", "picked_up"))
    for zone in stores.zones:
        status, said = rest.ask(system.of("assignment-service")[0].http, "GET", f"/zones/{zone}")
        for courier in said["couriers"] if status == 200 else []:
            who, score = courier["courierId"], courier["openOrders"]
            finding.demand(score == load[who], who, f"the score shown is {score}, they have {load[who]} open orders")
        if status != 200:
            finding.add(zone, f"is answered {status}: {said}")
    return finding
