"""The schedule of faults: which, in which order, and how long after the one before. It is the same for the same seed."""

import random
from dataclasses import dataclass

KILL = "service killed (SIGKILL)"
KILL_ALL = "all instances of a service killed"
PAUSE = "service paused past its visibility timeout"
POSTGRES_FAST = "PostgreSQL restarted (fast)"
POSTGRES_IMMEDIATE = "PostgreSQL restarted (immediate, recovers)"
VALKEY_KILL = "Valkey killed and restarted"
VALKEY_FLUSH = "Valkey emptied"
VALKEY_BACK = "Valkey set back by some seconds"

_GAP = (0.8, 3.6)  # seconds between two faults
# How many kills there are for one of these.
_KILLS_FOR_ONE = {PAUSE: 6, POSTGRES_FAST: 24, POSTGRES_IMMEDIATE: 12, VALKEY_KILL: 12, VALKEY_FLUSH: 8, VALKEY_BACK: 12}
_ALL_AT_ONCE = 0.12


@dataclass(frozen=True)
class Fault:
    """One of them."""

    kind: str
    gap: float  # seconds after the fault before it
    share: float  # 0 to 1: says which of several victims, and how long it lasts


def draw(kills: int, instances: int, seed: str) -> list[Fault]:
    """So many kills of services, and of the rest in proportion, at least one of each."""
    dice = random.Random(seed)
    kinds: list[str] = []
    left = kills
    while left > 0:
        everyone = left >= instances > 1 and dice.random() < _ALL_AT_ONCE
        kinds.append(KILL_ALL if everyone else KILL)
        left -= instances if everyone else 1
    if kills:
        for kind, per in _KILLS_FOR_ONE.items():
            kinds += [kind] * max(1, round(kills / per))
    dice.shuffle(kinds)
    return [Fault(kind, dice.uniform(*_GAP), dice.random()) for kind in kinds]
