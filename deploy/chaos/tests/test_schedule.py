"""The schedule of faults, and the plans of orders."""

import random
import unittest
from collections import Counter

import paths  # noqa: F401

from dispatch_chaos.faults import schedule
from dispatch_chaos.workload import plan
from dispatch_chaos.workload.stream import Stream


class Schedule(unittest.TestCase):
    def test_it_has_as_many_kills_as_asked_for_and_some_of_everything(self) -> None:
        for kills in (1, 2, 12, 200):
            for instances in (1, 2, 3):
                kinds = Counter(fault.kind for fault in schedule.draw(kills, instances, "1"))
                self.assertEqual(kinds[schedule.KILL] + instances * kinds[schedule.KILL_ALL], kills)
                others = (schedule.PAUSE, schedule.POSTGRES_FAST, schedule.VALKEY_FLUSH, schedule.VALKEY_BACK)
                self.assertTrue(all(kinds[kind] for kind in others), kinds)

    def test_without_kills_there_is_no_fault(self) -> None:
        self.assertEqual(schedule.draw(0, 2, "1"), [])

    def test_the_seed_says_it_all(self) -> None:
        self.assertEqual(schedule.draw(20, 2, "1"), schedule.draw(20, 2, "1"))
        self.assertNotEqual(schedule.draw(20, 2, "1"), schedule.draw(20, 2, "2"))


class Plans(unittest.TestCase):
    def test_every_life_occurs(self) -> None:
        dice = random.Random(1)
        plans = [plan.draw(number, dice) for number in range(2000)]
        self.assertEqual(len({p.details for p in plans}), 2000)
        self.assertEqual(len({p.life for p in plans}), 13)
        self.assertTrue(any(p.order_id is None for p in plans))
        self.assertFalse(any(p.order_id is None and p.life.startswith("is cancelled, perhaps") for p in plans))

    def test_the_stream_has_each_order_and_some_twice_and_late(self) -> None:
        stream, plans, bodies = Stream(1000, "1"), list[plan.OrderPlan](), list[str]()
        for _, messages in stream.run(plans.append):
            bodies += [body for _, body in messages]
        for each in plans:
            if not each.over_rest:
                told = f'"details": "{each.details}"'
                self.assertIn(sum(told in body for body in bodies), (1, 2), each)
        self.assertLess(len(set(bodies)), len(bodies))
        self.assertTrue(all(stream.poison.expected.values()))
