"""The stream of messages: everything but the steps that answer assignments, in the order in which it is published.

About a tenth is published twice, under the same event id; about a sixth late, after what happened later. Some news of
couriers comes last of all, however old it is: what is out of date must not win at the end either.
"""

import heapq
import json
import random
from collections.abc import Callable, Iterator

from .. import clock
from .couriers import Couriers, new_id
from .plan import OrderPlan, draw
from .poison import Poison

_TWICE, _LATE = 0.10, 0.16
_SECOND_TIME, _HOW_LATE = 200, 60  # in orders
_POISON_EVERY, _UNKNOWN_EVERY = 90, 110  # orders
# Whoever leaves may take hundreds of open orders out of hand, the more the longer the run: so not too often in a long one.
_COURIER_NEWS_EVERY, _MOST_COURIER_NEWS = 4, 400
_SWITCH_EVERY, _MOST_SWITCHES = 20, 80
_LAST_OF_ALL = 0.1  # of the news of couriers

Message = tuple[str, str]  # topic, body


class Stream:
    """Made by one thread, in the order of the seed."""

    def __init__(self, orders: int, seed: str) -> None:
        self._orders, self._dice = orders, random.Random(seed)
        self.switch_every = max(_SWITCH_EVERY, orders // _MOST_SWITCHES)
        self._dice_of_steps = random.Random(f"{seed}:steps")  # when they come is a matter of timing; the rest is not
        self.couriers = Couriers(self._dice)
        self.poison = Poison(self._dice)
        self._held: list[tuple[float, int, Message]] = []
        self._count = 0

    def run(self, on_plan: Callable[[OrderPlan], None]) -> Iterator[tuple[int, list[Message]]]:
        """The number of orders so far, and what is to be published now. `on_plan` is told of each order first; those that come
        over REST are its business."""
        courier_news_every = max(_COURIER_NEWS_EVERY, self._orders // _MOST_COURIER_NEWS)
        for news in self.couriers.arrive():
            self._hold(0, json.dumps(news))
        for number in range(self._orders):
            plan = draw(number, self._dice)
            on_plan(plan)
            if not plan.over_rest:
                self._hold(number, json.dumps(self._add_order(plan)))
            if plan.life.startswith("is cancelled, perhaps"):
                self._hold(number, json.dumps(self._cancel(plan)))
            if number % courier_news_every == 0:
                last = self._dice.random() < _LAST_OF_ALL
                self._hold(self._orders + _HOW_LATE if last else number, json.dumps(self.couriers.change()))
            if number % _POISON_EVERY == 0:
                self._keep(number, self.poison.brew())
            if number % _UNKNOWN_EVERY == 0:
                self._keep(number, ("events-topic", json.dumps({"type": "ChaosHappened", "orderId": new_id(self._dice)})))
            yield number + 1, self._ripe(number)
        for news in self.couriers.settle():
            self._hold(self._orders, json.dumps(news))
        yield self._orders, self._ripe(float("inf"))

    def _add_order(self, plan: OrderPlan) -> dict:
        now = clock.text(clock.now())
        return {"type": "AddOrder", "eventId": new_id(self._dice), "occurredAt": now, "addedAt": now} | plan.content

    def _cancel(self, plan: OrderPlan) -> dict:
        now = clock.text(clock.now())
        return {"type": "OrderCancelled", "eventId": new_id(self._dice), "occurredAt": now, "orderId": plan.order_id}

    def _hold(self, place: float, body: str) -> None:
        """To be published at this place or later, once or twice."""
        dice = self._dice
        late = dice.uniform(0, _HOW_LATE) if dice.random() < _LATE else 0.0
        self._keep(place + late, ("events-topic", body))
        if dice.random() < _TWICE:
            self._keep(place + dice.uniform(0, _SECOND_TIME), ("events-topic", body))

    def twice(self, events: list[dict]) -> list[Message]:
        """These events, some of them twice."""
        bodies = [json.dumps(event) for event in events]
        again = [body for body in bodies if self._dice_of_steps.random() < _TWICE]
        return [("events-topic", body) for body in bodies + again]

    def _keep(self, place: float, message: Message) -> None:
        self._count += 1
        heapq.heappush(self._held, (place, self._count, message))

    def _ripe(self, place: float) -> list[Message]:
        ripe = []
        while self._held and self._held[0][0] <= place:
            ripe.append(heapq.heappop(self._held)[2])
        return ripe
