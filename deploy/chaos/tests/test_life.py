"""The life of an order, as README.md has it."""

import itertools
import unittest

import paths  # noqa: F401

from dispatch_chaos import life
from dispatch_chaos.life import Happening, Standing


def lived(*steps: tuple[str, str | None]) -> list[Happening]:
    """These steps, a microsecond each."""
    return [Happening(at, f"event {at}", f"Order{kind}", courier) for at, (kind, courier) in enumerate(steps, 1)]


class Life(unittest.TestCase):
    def ends(self, expected: Standing, *steps: tuple[str, str | None]) -> None:
        happenings = lived(*steps)
        for order in itertools.permutations(happenings):
            self.assertEqual(life.of([*order, order[0]]), expected)

    def test_where_steps_lead_whatever_order_they_come_in(self) -> None:
        given = ("Assigned", "a")
        self.ends(Standing("assigned", "a", 1), given)
        self.ends(Standing("picked_up", "a", 1), given, ("PickedUp", None))
        self.ends(Standing("delivered", "a", 1), given, ("PickedUp", "a"), ("Delivered", None))
        self.ends(Standing("delivered", "a", 1), given, ("Delivered", "a"), ("Cancelled", None))
        self.ends(Standing("cancelled", "a", 1), given, ("Cancelled", None), ("Delivered", "a"))
        self.ends(Standing("cancelled", None, None), ("Cancelled", None), given)
        self.ends(Standing("pending", None, None), given, ("Unassigned", "a"))
        self.ends(Standing("assigned", "b", 3), given, ("Unassigned", "a"), ("Assigned", "b"))

    def test_what_is_impossible_changes_nothing(self) -> None:
        given = ("Assigned", "a")
        self.ends(Standing("assigned", "a", 1), given, ("Unassigned", "b"), ("Delivered", "b"), ("PickedUp", "b"))
        self.ends(Standing("assigned", "a", 3), ("PickedUp", None), ("Delivered", None), given)
        self.ends(Standing("picked_up", "a", 1), given, ("PickedUp", None), given)

    def test_of_one_moment_the_assignment_comes_before_the_delivery(self) -> None:
        happenings = [Happening(1, "1", "OrderDelivered", None), Happening(1, "2", "OrderAssigned", "a")]
        self.assertEqual(life.of(happenings), Standing("delivered", "a", 1))


class Conflict(unittest.TestCase):
    def test_a_courier_after_the_other_is_none(self) -> None:
        steps = lived(("Assigned", "a"), ("PickedUp", "a"), ("Unassigned", "a"), ("Assigned", "b"))
        self.assertIsNone(life.conflict(steps[::-1]))

    def test_two_couriers_at_a_time_are_one(self) -> None:
        self.assertIn("given to b", life.conflict(lived(("Assigned", "a"), ("Assigned", "b"))) or "")
        self.assertIn("given to a", life.conflict(lived(("Assigned", "a"), ("Assigned", "a"))) or "")
        self.assertIn("while nobody", life.conflict(lived(("Unassigned", "a"))) or "")
        self.assertIn("while a", life.conflict(lived(("Assigned", "a"), ("Unassigned", "b"))) or "")
