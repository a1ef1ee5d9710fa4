"""Planted bugs: the harness does to a clean system what a bug would do, and its questions have to notice. A harness
that finds nothing is to be doubted.

Each plant says which questions have to complain about what, and nothing else may be complained about. It is undone
before the next one, by giving back what was taken; the last one cannot be undone.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from dispatch_local.problem import Problem, say
from dispatch_local.stopping import wait_for

from . import clock, life
from .redis import RedisClient
from .scene import Scene
from .workload.couriers import ZONES
from .workload.plan import OPEN, OrderPlan

_WITHIN = 60.0

# The questions.
_KNOWN, _ONCE, _PUBLISHED, _LOGGED = "orders are known", "assigned once", "decided is published", "events are in the log"
_FACTS, _ORDERS = "assignment-service follows events", "order-service follows events"
_REPLAY = "replay --verify is clean"
_REDIS, _LETTERS = "Redis has the facts' scores", "dead letters are the poison"
_LIST, _PAIRS = "REST: GET /orders", "REST and gRPC: orders of couriers"


@dataclass(frozen=True)
class Planted:
    """A bug that is there now."""

    expected: set[tuple[str, str]]  # question, subject
    undo: Callable[[], object]


def all_found(scene: Scene) -> list[str]:
    """Plants one after the other; a line for each that was not found, or not as it is."""
    missed = []
    for plant in (_lost_message, _stuck_event, _changed_row, _forgotten_event, _wrong_score, _foreign_letter, _undecided):
        name = (plant.__doc__ or "").partition(".")[0]
        planted = plant(scene)
        found = {(wrong.check, wrong.subject) for finding in scene.audit() for wrong in finding.wrong}
        if found == planted.expected:
            say(f"chaos: planted and found: {name}")
        else:
            lacking, besides = sorted(planted.expected - found), sorted(found - planted.expected)
            missed.append(f"planted: {name}; not found: {lacking}; found besides: {besides}")
        planted.undo()
        scene.settle()
    return missed


def _lost_message(scene: Scene) -> Planted:
    """A message is deleted from a queue, and nobody handled it."""
    scene.system.tell_proxy("lose?order-events-queue")
    order, body = _new_order(scene)
    _until(f"order {order} is assigned", lambda: order in _assigned(scene))
    return Planted(
        {(_KNOWN, order), (_LIST, order), (_PAIRS, order)},
        lambda: scene.client.sqs("SendMessage", "order-events-queue", MessageBody=body),
    )


def _stuck_event(scene: Scene) -> Planted:
    """An event is taken out of the outbox before it is published."""
    take = (
        "CREATE TABLE chaos_taken (LIKE outbox);"
        "CREATE FUNCTION chaos_take() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO chaos_taken SELECT NEW.*; RETURN NULL; END $$;"
        "CREATE TRIGGER chaos_take BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION chaos_take()"
    )
    columns = "event_id, topic_arn, event_type, payload, traceparent"
    give_back = (
        "DROP TRIGGER chaos_take ON outbox; DROP FUNCTION chaos_take;"
        f"INSERT INTO outbox ({columns}) SELECT {columns} FROM chaos_taken; DROP TABLE chaos_taken"
    )
    scene.system.sql("assignment_service", take)
    order, _ = _new_order(scene)
    taken: list[list[str]] = []

    def is_taken() -> bool:
        taken[:] = scene.system.sql("assignment_service", "SELECT event_id FROM chaos_taken")
        return bool(taken)

    _until("an event is taken", is_taken)
    expected = {(_PUBLISHED, taken[0][0]), (_FACTS, order), (_LIST, order), (_PAIRS, order)}
    return Planted(expected, lambda: scene.system.sql("assignment_service", give_back))


def _changed_row(scene: Scene) -> Planted:
    """A service has an order in another state than the events say."""
    order = min(_assigned(scene))

    def write(status: str) -> None:
        scene.system.sql("order_service", f"UPDATE orders SET status = '{status}' WHERE order_id = '{order}'")

    write("picked_up")
    return Planted({(_ORDERS, order), (_LIST, order), (_PAIRS, order)}, lambda: write("assigned"))


def _forgotten_event(scene: Scene) -> Planted:
    """An event is not in the log."""
    event = next(iter(scene.ledger.couriers.values())).version[1]
    row = f"event_id = '{event}'"
    scene.system.sql(
        "assignment_service",
        f"CREATE TABLE chaos_taken AS SELECT * FROM event_log WHERE {row}; DELETE FROM event_log WHERE {row}",
    )
    give_back = "INSERT INTO event_log SELECT * FROM chaos_taken; DROP TABLE chaos_taken"
    return Planted({(_LOGGED, event), (_REPLAY, "replay")}, lambda: scene.system.sql("assignment_service", give_back))


def _wrong_score(scene: Scene) -> Planted:
    """A score in Redis is one too high."""
    order, courier = min(_assigned(scene).items())
    key = f"{{{scene.ledger.orders[order].zone}}}:open"

    def ask(*words: str | int) -> str:
        with RedisClient(scene.system.scratch.valkey.port) as redis:
            return redis.ask(*words)

    score = int(ask("HGET", key, courier))
    ask("HSET", key, courier, score + 1)
    return Planted({(_REDIS, courier)}, lambda: ask("HSET", key, courier, score))


def _foreign_letter(scene: Scene) -> Planted:
    """A message that nobody meant to be refused is in a dead-letter queue."""
    queue = "assignment-queue-dlq"
    body = json.dumps({"type": "OrderAssigned"})
    scene.client.sqs("SendMessage", queue, MessageBody=body)

    def undo() -> None:
        letters = scene.letters.seen["assignment-queue"]
        foreign = [letter for letter in letters if letter["Body"] == body]
        scene.client.delete(queue, foreign)
        letters[:] = [letter for letter in letters if letter["Body"] != body]

    return Planted({(_LETTERS, queue)}, undo)


def _undecided(scene: Scene) -> Planted:
    """An assignment is published that nobody decided, of an order that somebody else has."""
    order, courier = min(_assigned(scene).items())
    other = min(scene.ledger.couriers.keys() - {courier})
    event, now = str(uuid.uuid4()), clock.text(clock.now())
    said = {"type": "OrderAssigned", "eventId": event, "occurredAt": now, "orderId": order, "courierId": other}
    body = json.dumps(said | {"zone": scene.ledger.orders[order].zone, "assignedAt": now})
    scene.client.publish("assignment-topic", [body])
    _until("the assignment is seen", lambda: event in scene.ledger.decisions and scene.stays_quiet())
    expected = {(_PUBLISHED, event), (_ONCE, order), (_FACTS, order), (_LIST, order), (_PAIRS, order)}
    return Planted(expected, lambda: None)


def _new_order(scene: Scene) -> tuple[str, str]:
    """Publishes one more order; its id and its event."""
    order, now = str(uuid.uuid4()), clock.text(clock.now())
    plan = OrderPlan(-1, order, f"planted {order}", ZONES[0], 0, "stays", OPEN, over_rest=False)
    scene.lives.expect(plan)
    said = {"type": "AddOrder", "eventId": str(uuid.uuid4()), "occurredAt": now, "addedAt": now}
    body = json.dumps(said | plan.content)
    scene.client.publish("events-topic", [body])
    _until(f"order {order} is seen", lambda: order in scene.ledger.orders and scene.stays_quiet())
    return order, body


def _assigned(scene: Scene) -> dict[str, str]:
    """Orders that are assigned by what was published, and whose they are."""
    standings = {order: life.of(scene.ledger.happenings.get(order, [])) for order in list(scene.ledger.orders)}
    return {order: s.courier for order, s in standings.items() if s.status == "assigned" and s.courier is not None}


def _until(what: str, condition: Callable[[], bool]) -> None:
    if not wait_for(condition, _WITHIN, every=0.2):
        raise Problem(f"chaos: waited in vain until {what}")
