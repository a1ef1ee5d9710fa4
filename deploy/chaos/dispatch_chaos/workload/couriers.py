"""The couriers of a run: some with a limit, some without; all of them come, leave, change and move, and tell so late,
twice and out of order.

In the end each zone has one without a limit who is there: the news that says so is the newest of theirs. So every order
can be assigned in the end, and no order's end depends on luck.
"""

import random
import uuid
from dataclasses import dataclass

from .. import clock

ZONES = ("north", "South:1", "e_2", "W.west-3")
_PER_ZONE = 6


def new_id(dice: random.Random) -> str:
    """A UUID from the seed."""
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


@dataclass
class _Courier:
    id: str
    name: str
    zone: str
    available: bool
    capacity: int | None

    def news(self, dice: random.Random) -> dict:
        said = {
            "type": "AddCourier",
            "eventId": new_id(dice),
            "occurredAt": clock.text(clock.now()),
            "courierId": self.id,
            "name": self.name,
            "zone": self.zone,
            "isAvailable": self.available,
        }
        return said if self.capacity is None else said | {"capacity": self.capacity}


class Couriers:
    """All of them, as their own newest news has them."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._all = [
            _Courier(new_id(dice), f"{zone} {number}", zone, number < 4, None if number < 2 else dice.randint(1, 6))
            for zone in ZONES
            for number in range(_PER_ZONE)
        ]

    @property
    def ids(self) -> list[str]:
        return [courier.id for courier in self._all]

    def arrive(self) -> list[dict]:
        """The first news of each."""
        return [courier.news(self._dice) for courier in self._all]

    def change(self) -> dict:
        """News of somebody: they leave, come back, move, or take more or fewer orders."""
        courier, dice = self._dice.choice(self._all), self._dice
        what = dice.random()
        if what < 0.5:
            courier.available = not courier.available
        elif what < 0.75:
            courier.zone = dice.choice(ZONES)
        else:
            courier.capacity = dice.choice((None, dice.randint(1, 8)))
        return courier.news(dice)

    def switch(self) -> dict:
        """A request to courier-service: somebody is available, or is not. Never one of those who are there in the end."""
        roaming = [courier for number, courier in enumerate(self._all) if number % _PER_ZONE]
        return {"type": self._dice.choice(("available", "unavailable")), "courierId": self._dice.choice(roaming).id}

    def settle(self) -> list[dict]:
        """The last news: in each zone somebody without a limit is there."""
        for number, zone in enumerate(ZONES):
            courier = self._all[number * _PER_ZONE]
            courier.zone, courier.available, courier.capacity = zone, True, None
        return [self._all[number * _PER_ZONE].news(self._dice) for number in range(len(ZONES))]
