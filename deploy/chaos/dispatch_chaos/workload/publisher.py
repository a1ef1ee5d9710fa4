"""Publishes the stream, as fast as the schedule of faults allows and the system follows, and the steps that are due."""

import threading
from collections import defaultdict

from ..crew import Crew
from ..observer import QUEUE
from ..sns_sqs import BATCH, WORK_QUEUES, SnsSqsClient
from .clients import RestClients
from .lives import OVER_REST, Lives
from .plan import OrderPlan
from .stream import Message, Stream

_WATCHED = (*WORK_QUEUES, QUEUE)
_DEEPEST = 500  # messages in one of them: the emulator slows down with more, and faults should meet work that goes on
_LOOK_EVERY = 50  # orders
_PAUSE = 0.02


class Publisher:
    """In a thread of its own. `allowed` is how many orders may be out by now; `progress` how many are."""

    def __init__(self, port: int, stream: Stream, lives: Lives, clients: RestClients) -> None:
        self._client, self._stream, self._lives, self._rest = SnsSqsClient(port), stream, lives, clients
        self.allowed, self.progress = 0, 0
        self.finished = threading.Event()
        self.published = 0

    def run(self, crew: Crew) -> None:
        """Publishes until all is out, and then the steps that follow, until the crew ends."""
        for number, messages in self._stream.run(self._on_plan):
            self._publish(messages)
            self._publish_steps()
            if number % _LOOK_EVERY == 0:
                while not crew.ended.is_set() and max(map(self._client.depth, _WATCHED)) > _DEEPEST:
                    crew.ended.wait(5 * _PAUSE)
            while number > self.allowed and not crew.ended.is_set():
                self._publish_steps()
                crew.ended.wait(_PAUSE)
            if crew.ended.is_set():
                return
            self.progress = number
        self.finished.set()
        while not crew.ended.wait(_PAUSE):
            self._publish_steps()

    def _on_plan(self, plan: OrderPlan) -> None:
        self._lives.expect(plan)
        if plan.number % self._stream.switch_every == 0:
            self._rest.step(self._stream.couriers.switch())
        if plan.over_rest:
            self._rest.create(plan)

    def _publish_steps(self) -> None:
        by_events = []
        for step in self._lives.due():
            if step["type"] in OVER_REST:
                self._rest.step(step)
            else:
                by_events.append(step)
        self._publish(self._stream.twice(by_events))

    def _publish(self, messages: list[Message]) -> None:
        by_topic: dict[str, list[str]] = defaultdict(list)
        for topic, body in messages:
            by_topic[topic].append(body)
        for topic, bodies in by_topic.items():
            for start in range(0, len(bodies), BATCH):
                self._client.publish(topic, bodies[start : start + BATCH])
        self.published += len(messages)
