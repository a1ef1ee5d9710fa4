"""Orders: nothing lost, nothing invented, nothing assigned twice; every service where the published events lead; the
planned end.
"""

from .. import life
from ..ledger import Ledger
from ..life import Standing
from ..stores import OrderRow, Stores
from ..workload.plan import OrderPlan
from . import Finding


def known(ledger: Ledger, stores: Stores, planned: int) -> Finding:
    """Every order that was published or asked for is in both services, as it was told; and no other."""
    finding = Finding("orders are known")
    finding.demand(
        len(ledger.orders) == planned, "all", f"{planned} orders were to be made, {len(ledger.orders)} were published"
    )
    for name, rows in (("assignment-service", stores.facts), ("order-service", stores.orders)):
        for order, news in ledger.orders.items():
            row = rows.get(order)
            if row is None:
                finding.demand(False, order, f"{name} does not know it")
                continue
            told = (news.zone, str(news.priority), news.details if name == "order-service" else "")
            finding.demand((row.zone, row.priority, row.details) == told, order, f"{name} has {row}, told was {news}")
        for order in rows.keys() - ledger.orders.keys():
            finding.add(order, f"{name} has an order that nobody published")
    return finding


def assigned_once(ledger: Ledger) -> Finding:
    """Of each order no two assignments are in effect at a time."""
    finding = Finding("assigned once")
    for order in ledger.orders:
        finding.looked_at += 1
        if wrong := life.conflict(ledger.happenings.get(order, [])):
            finding.add(order, wrong)
    return finding


def decisions(ledger: Ledger, stores: Stores) -> Finding:
    """What was decided was published, and what was published was decided."""
    finding = Finding("decided is published")
    for event in stores.decisions:
        finding.demand(event in ledger.decisions, event, "was decided and never published")
    for event, order in ledger.decisions.items():
        finding.demand(event in stores.decisions, event, f"was published about order {order} and nobody decided it")
    return finding


def logged(ledger: Ledger, stores: Stores) -> Finding:
    """Every event is in the event log."""
    finding = Finding("events are in the log")
    for event in ledger.logged:
        finding.demand(event in stores.events, event, "was published and is not in the event log")
    return finding


def services_agree(ledger: Ledger, stores: Stores) -> list[Finding]:
    """Each service has each order where the events lead."""
    expected = {order: life.of(ledger.happenings.get(order, [])) for order in ledger.orders}
    orders = {order: standing for order, standing in expected.items() if standing.courier is not None}
    return [
        _agrees("assignment-service follows events", expected, _standings(stores.facts)),
        _agrees("order-service follows events", expected, _standings(stores.orders)),
        _agrees("courier-service follows events", orders, stores.pairs),
    ]


def _standings(rows: dict[str, OrderRow]) -> dict[str, Standing]:
    return {order: row.standing for order, row in rows.items()}


def _agrees(check: str, expected: dict[str, Standing], found: dict[str, Standing]) -> Finding:
    finding = Finding(check)
    for order, standing in expected.items():
        finding.demand(found.get(order) == standing, order, f"is {found.get(order)}, by the events it is {standing}")
    for order in found.keys() - expected.keys():
        finding.add(order, f"is {found[order]}, by the events nobody has it")
    return finding


def ends(stores: Stores, plans: dict[str, OrderPlan]) -> Finding:
    """Each order ended where its plan says, and whoever has it can have it."""
    finding = Finding("orders end as planned")
    for order, plan in plans.items():
        row = stores.facts.get(order)
        status = row.standing.status if row else "unknown"
        finding.demand(status in plan.ends, order, f"it {plan.life}, and is {status}")
    return finding


def contents(ledger: Ledger) -> Finding:
    """Two messages with one event id are one event."""
    finding = Finding("one event id, one content", looked_at=len(ledger.logged) + len(ledger.decisions))
    for event, what in ledger.contradictions:
        finding.add(event, what)
    return finding
