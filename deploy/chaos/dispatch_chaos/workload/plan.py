"""What each order is to live through, decided by the seed, and where it has to end.

An end is certain where no timing can change it: an order is cancelled if nothing else ends it; delivered if each
courier who gets it says so. Where an order may be delivered or cancelled, whichever is dated first, only agreement can
be asked for.
"""

import random
from dataclasses import dataclass

from .couriers import ZONES, new_id

OPEN = frozenset({"assigned"})
CARRIED = frozenset({"picked_up"})
DONE = frozenset({"delivered"})
OFF = frozenset({"cancelled"})

# (life, of a hundred orders, where it ends)
_LIVES = (
    ("stays", 21, OPEN),
    ("is picked up", 10, CARRIED),
    ("is picked up and delivered", 20, DONE),
    ("is delivered", 8, DONE),
    ("is cancelled after it was assigned", 8, OFF),
    ("is cancelled, perhaps before it comes", 6, OFF),
    ("is delivered and cancelled", 4, DONE | OFF),
    ("is declined", 7, OPEN),
    ("is declined, then delivered", 3, DONE),
    ("is picked up and delivered over REST", 3, DONE),
    ("is cancelled over REST", 3, OFF),
    ("is declined over REST", 3, OPEN),
    ("is pinned to somebody by hand", 4, OPEN),
)
_OVER_REST = 0.06  # of the orders come by POST /orders


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """One order."""

    number: int
    order_id: str | None  # nothing: order-service chooses
    details: str  # tells the order where its id is not known yet
    zone: str
    priority: int
    life: str
    ends: frozenset[str]
    over_rest: bool

    @property
    def content(self) -> dict:
        """What a request or an event says of it, without the time."""
        said = {"details": self.details, "zone": self.zone, "priority": self.priority}
        return said if self.order_id is None else {"orderId": self.order_id} | said


def draw(number: int, dice: random.Random) -> OrderPlan:
    """The plan of the order of this number."""
    life, ends = _life(dice)
    over_rest = dice.random() < _OVER_REST
    by_service = over_rest and dice.random() < 0.5
    order_id = new_id(dice)
    if by_service and life.startswith("is cancelled, perhaps"):
        life, ends = "stays", OPEN  # nobody can cancel what has no id yet
    return OrderPlan(
        number=number,
        order_id=None if by_service else order_id,
        details=f"chaos order {number}",
        zone=dice.choice(ZONES),
        priority=dice.choice((0, 0, 0, 5, 9)),
        life=life,
        ends=ends,
        over_rest=over_rest,
    )


def _life(dice: random.Random) -> tuple[str, frozenset[str]]:
    throw = dice.uniform(0, sum(share for _, share, _ in _LIVES))
    for life, share, ends in _LIVES:
        throw -= share
        if throw < 0:
            return life, ends
    return _LIVES[0][0], _LIVES[0][2]
