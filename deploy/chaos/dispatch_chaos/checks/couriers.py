"""Couriers: both services have each as the newest news has them, and Redis has their scores and orders as the facts do."""

from collections import Counter

from ..ledger import CourierNews, Ledger
from ..stores import CourierRow, Stores, ZoneKeys
from . import Finding

_OPEN = ("assigned", "picked_up")


def newest_news(ledger: Ledger, stores: Stores) -> Finding:
    """Newest news wins, in both services."""
    finding = Finding("couriers as their newest news")
    for name, rows in (("courier-service", stores.couriers), ("assignment-service", stores.facts_couriers)):
        for courier, news in ledger.couriers.items():
            finding.demand(_is(rows.get(courier), news), courier, f"{name} has {rows.get(courier)}, told was {news}")
        for courier in rows.keys() - ledger.couriers.keys():
            finding.add(courier, f"{name} has a courier of whom nobody told")
    for courier, row in stores.couriers.items():
        if courier in ledger.couriers and row.extra != ledger.couriers[courier].name:
            finding.add(courier, f"courier-service has the name {row.extra}")
    return finding


def _is(row: CourierRow | None, news: CourierNews) -> bool:
    return row is not None and (row.zone, row.available, row.capacity, row.version) == (
        news.zone,
        news.available,
        news.capacity,
        news.version,
    )


def redis(stores: Stores) -> Finding:
    """Redis has what the facts have: scores are open orders, and nothing is unrecorded."""
    finding = Finding("Redis has the facts' scores")
    load: Counter[str] = Counter()  # courier -> open orders, of any zone
    for order in stores.facts.values():
        if order.standing.status in _OPEN:
            load[order.standing.courier or ""] += 1
    for zone, keys in stores.zones.items():
        if not keys.warm:
            finding.add(zone, "the zone is cold, and nobody loads it")
            continue
        _orders_of_zone(finding, zone, keys, stores)
        for courier, row in stores.facts_couriers.items():
            finding.looked_at += 1
            if row.zone == zone:
                _courier_at_home(finding, courier, row, keys, load[courier])
            elif (told := keys.courier.get(courier, "0 g")).split()[1] != "g":
                finding.add(courier, f"is of zone {row.zone}, and zone {zone} has {told}")
            elif courier in keys.couriers or courier in keys.full:
                finding.add(courier, f"is of zone {row.zone}, and could get orders in zone {zone}")
    return finding


def _orders_of_zone(finding: Finding, zone: str, keys: ZoneKeys, stores: Stores) -> None:
    held = {
        order: row.standing.courier for order, row in stores.facts.items() if row.zone == zone and row.standing.status in _OPEN
    }
    for order in held.keys() | keys.orders.keys():
        has, fact = keys.orders.get(order), held.get(order)
        finding.demand(has == fact, order, f"zone {zone} has it with {has}, the facts with {fact}")
    waiting = {o for o, row in stores.facts.items() if row.zone == zone and row.standing.status == "pending"}
    for order in waiting ^ keys.pending.keys():
        finding.add(order, f"in the line of zone {zone} {'by the facts' if order in waiting else 'in Redis'} alone")
    for order, pick in keys.unrecorded.items():
        finding.add(order, f"zone {zone} has a pick that was never recorded: {pick}")
    counted = Counter(keys.orders.values())
    for courier in counted.keys() | keys.open.keys():
        score = int(keys.open.get(courier, "0"))
        finding.demand(score == counted[courier], courier, f"zone {zone} counts {score}, and has {counted[courier]} orders")


def _courier_at_home(finding: Finding, courier: str, row: CourierRow, keys: ZoneKeys, load: int) -> None:
    told = keys.courier.get(courier)
    if told is None:
        finding.add(courier, f"zone {row.zone} does not know them")
        return
    revision, state, capacity, carried, _tick = told.split()
    own = Counter(keys.orders.values())[courier]
    expected = (row.extra, "a" if row.available else "u", str(-1 if row.capacity is None else row.capacity), str(load - own))
    if (revision, state, capacity, carried) != expected:
        finding.add(courier, f"zone {row.zone} has {told}, by the facts it is {' '.join(expected)}")
    full = row.capacity is not None and load >= row.capacity
    place = "nowhere" if not row.available else "full" if full else "couriers"
    found = "couriers" if courier in keys.couriers else "full" if courier in keys.full else "nowhere"
    if place != found:
        finding.add(courier, f"in zone {row.zone} they are in {found}, not {place}")
    score = keys.couriers.get(courier, keys.full.get(courier))
    if score is not None and int(score) != load:
        finding.add(courier, f"their score in zone {row.zone} is {int(score)}, they have {load} open orders")
