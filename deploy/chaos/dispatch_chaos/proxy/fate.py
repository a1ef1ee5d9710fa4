"""What is to become of a call: seeded dice.

Each call has one fate at the most. The dice are the same for the same seed, but which call gets which throw depends on
how the services' calls happen to follow each other: a run with the same seed is alike, not the same.
"""

import random
from collections import Counter
from dataclasses import dataclass

from .calls import Call

# (fate, how many of a thousand calls)
_ANY_CALL = (
    ("request dropped", 10),
    ("response dropped", 15),
    ("delayed", 40),
    ("hung until the caller gave up", 1),
    ("answered 500", 6),
    ("answered 503", 6),
    ("throttled", 6),
)
_BATCH = (
    ("entries failed", 50),
    ("entries done and told as failed", 15),
)
_MESSAGE_AGAIN = 25  # of a thousand received messages: each of two ways to deliver it again
_DELAY, _HANG, _AGAIN = (0.02, 2.0), (11.0, 14.0), (0.0, 2.0)  # seconds


@dataclass(frozen=True)
class Fate:
    """What becomes of a call."""

    kind: str = ""  # empty: nothing unusual
    seconds: float = 0.0
    entries: frozenset[str] = frozenset()


class Dice:
    """Decides, and counts what was decided. While `calm`, nothing unusual happens."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self.calm = True
        self.counts: Counter[str] = Counter()

    def of_call(self, call: Call) -> Fate:
        """The fate of a call."""
        if self.calm:
            return Fate()
        ids = call.entry_ids
        throw = self._random.uniform(0, 1000)
        for kind, share in _ANY_CALL + (_BATCH if ids else ()):
            throw -= share
            if throw < 0:
                return self._counted(kind, ids)
        return Fate()

    def _counted(self, kind: str, ids: list[str]) -> Fate:
        self.counts[kind] += 1
        if kind == "delayed":
            return Fate(kind, self._random.uniform(*_DELAY))
        if kind.startswith("hung"):
            return Fate(kind, self._random.uniform(*_HANG))
        if kind.startswith("entries"):
            return Fate(kind, entries=frozenset(self._random.sample(ids, self._random.randint(1, min(3, len(ids))))))
        return Fate(kind)

    def of_message(self) -> Fate:
        """The fate of a message that was just received: whether and when it is delivered again, and how."""
        if self.calm:
            return Fate()
        throw = self._random.uniform(0, 1000)
        for kind in ("message sent a second time", "message visible while it is handled"):
            throw -= _MESSAGE_AGAIN
            if throw < 0:
                self.counts[kind] += 1
                return Fate(kind, self._random.uniform(*_AGAIN))
        return Fate()
