"""What is in the stores of the services when the system is quiet, read in bulk. The only place that knows their tables
and keys.
"""

from dataclasses import dataclass

from .life import Standing
from .redis import RedisClient
from .system import System

DATABASES = ("order_service", "courier_service", "assignment_service")
_MICROS = "coalesce((extract(epoch FROM {}) * 1000000)::bigint::text, '')"
_ORDERS = (
    "SELECT order_id, coalesce(zone, ''), coalesce(priority::text, ''), status, coalesce(courier_id::text, ''), "
    f"{_MICROS.format('assigned_at')}, {{details}} FROM orders"
)
_PAIRS = f"SELECT order_id, status, courier_id, {_MICROS.format('assigned_at')} FROM pairs WHERE courier_id IS NOT NULL"
_COURIERS = (
    "SELECT courier_id, zone, is_available, coalesce(capacity::text, ''), "
    f"{_MICROS.format('version_at')}, {{event}}, {{extra}} FROM couriers"
)
_DECISIONS = "type IN ('OrderAssigned', 'OrderUnassigned') AND source_message_id IS NULL"


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as a service has it. Without a zone, only news of it was heard."""

    zone: str
    priority: str
    details: str  # only order-service keeps it
    standing: Standing


@dataclass(frozen=True, slots=True)
class CourierRow:
    """A courier as a service has them."""

    zone: str
    available: bool
    capacity: int | None
    version: tuple[int, str]
    extra: str  # the name in courier-service, the revision in assignment-service


@dataclass(frozen=True)
class ZoneKeys:
    """What Redis has of a zone."""

    warm: bool
    couriers: dict[str, float]
    full: dict[str, float]
    open: dict[str, str]
    courier: dict[str, str]
    orders: dict[str, str]
    pending: dict[str, float]
    unrecorded: dict[str, str]


@dataclass(frozen=True)
class Stores:
    """Everything at one time."""

    facts: dict[str, OrderRow]
    orders: dict[str, OrderRow]
    pairs: dict[str, Standing]
    couriers: dict[str, CourierRow]  # of courier-service
    facts_couriers: dict[str, CourierRow]
    events: set[str]  # of the event log: what was consumed
    decisions: set[str]  # of the event log: what was decided
    outbox: dict[str, int]
    zones: dict[str, ZoneKeys]


def read(system: System) -> Stores:
    """All stores. Redis comes first: what is wrong there may be mended while the rest is read."""
    zones = read_zones(system)
    log = system.sql("assignment_service", f"SELECT event_id, ({_DECISIONS}) FROM event_log")
    return Stores(
        facts=_orders(system, "assignment_service", "''"),
        orders=_orders(system, "order_service", "coalesce(details, '')"),
        pairs={row[0]: _standing(row[1:]) for row in system.sql("courier_service", _PAIRS)},
        couriers=_couriers(system, "courier_service", "version_event", "name"),
        facts_couriers=_couriers(system, "assignment_service", "version_event_id", "revision"),
        events={row[0] for row in log if row[1] == "f"},
        decisions={row[0] for row in log if row[1] == "t"},
        outbox=outbox(system),
        zones=zones,
    )


def outbox(system: System) -> dict[str, int]:
    """How many events of each service wait to be published."""
    return {database: int(system.sql(database, "SELECT count(*) FROM outbox")[0][0]) for database in DATABASES}


def zone_names(system: System) -> list[str]:
    """All zones that an event has named."""
    return [row[0] for row in system.sql("assignment_service", "SELECT zone FROM zones ORDER BY zone")]


def read_zones(system: System) -> dict[str, ZoneKeys]:
    """What Redis has."""
    names = zone_names(system)
    with RedisClient(system.scratch.valkey.port) as redis:
        return {zone: _zone(redis, f"{{{zone}}}:") for zone in names}


def _zone(redis: RedisClient, prefix: str) -> ZoneKeys:
    return ZoneKeys(
        warm="epoch" in redis.hash(prefix + "meta"),
        couriers=redis.scores(prefix + "couriers"),
        full=redis.scores(prefix + "full"),
        open=redis.hash(prefix + "open"),
        courier=redis.hash(prefix + "courier"),
        orders=redis.hash(prefix + "orders"),
        pending=redis.scores(prefix + "pending"),
        unrecorded=redis.hash(prefix + "unrecorded"),
    )


def _orders(system: System, database: str, details: str) -> dict[str, OrderRow]:
    rows = system.sql(database, _ORDERS.format(details=details))
    return {row[0]: OrderRow(row[1], row[2], row[6], _standing(row[3:6])) for row in rows}


def _couriers(system: System, database: str, event: str, extra: str) -> dict[str, CourierRow]:
    rows = system.sql(database, _COURIERS.format(event=event, extra=extra))
    return {
        row[0]: CourierRow(row[1], row[2] == "t", int(row[3]) if row[3] else None, (int(row[4]), row[5]), row[6])
        for row in rows
    }


def _standing(columns: list[str]) -> Standing:
    status, courier, assigned_at = columns
    return Standing(status, courier or None, int(assigned_at) if assigned_at else None)
