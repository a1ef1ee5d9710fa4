"""The life of an order, as README.md describes it: where an order is follows from the set of its happenings.

Written a second time on purpose. The services share one implementation (proto/src/life.rs), so asking them whether they
agree would not show an error in it; this one is made from the description.
"""

from dataclasses import dataclass

_RANK = {"OrderUnassigned": 0, "OrderAssigned": 1, "OrderPickedUp": 2, "OrderDelivered": 3, "OrderCancelled": 4}
STEPS = frozenset(_RANK)
DECISIONS = frozenset({"OrderAssigned", "OrderUnassigned"})


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to an order."""

    at: int
    event_id: str
    type: str
    courier: str | None

    @property
    def place(self) -> tuple[int, int, str]:
        """Where it stands among the others: by time; of one moment, what comes first in a life."""
        return (self.at, _RANK[self.type], self.event_id)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order is."""

    status: str
    courier: str | None  # who has it, or had it at the end
    assigned_at: int | None


def of(happenings: list[Happening]) -> Standing:
    """Where these lead. What is impossible at its time changes nothing."""
    status, courier, assigned_at = "pending", None, None
    for happening in sorted(happenings, key=lambda happening: happening.place):
        if status in ("delivered", "cancelled"):
            break
        kind, named = happening.type, happening.courier
        if kind == "OrderAssigned":
            if named != courier:
                status, courier, assigned_at = "assigned", named, happening.at
        elif kind == "OrderUnassigned":
            if courier is not None and named == courier:
                status, courier, assigned_at = "pending", None, None
        elif kind == "OrderCancelled":
            status = "cancelled"
        elif status != "pending" and named in (None, courier):
            status = "picked_up" if kind == "OrderPickedUp" else "delivered"
    return Standing(status, courier, assigned_at)


def conflict(happenings: list[Happening]) -> str | None:
    """What is wrong with the decisions among these, taken by themselves: each assignment needs an order that is with
    nobody, each taking back one that is with that courier."""
    holder = None
    for decision in sorted((h for h in happenings if h.type in DECISIONS), key=lambda happening: happening.place):
        if decision.type == "OrderAssigned":
            if holder is not None:
                return f"given to {decision.courier} by {decision.event_id} while {holder} had it"
            holder = decision.courier
        elif decision.courier != holder:
            return f"taken from {decision.courier} by {decision.event_id} while {holder or 'nobody'} had it"
        else:
            holder = None
    return None
