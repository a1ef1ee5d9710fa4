"""How much an image of a service holds beyond its base, by its own history. The base need not be there as an image for that,
and BuildKit keeps none.

Guarantees: an image whose history does not show where its base ends is a complaint, never a small image.
"""

import re
from collections.abc import Iterable

MOST = 40_000_000  # bytes beyond the base

# The first thing that the Dockerfile adds to the base, as any builder writes it into the history.
_FIRST = re.compile(r'LABEL org\.opencontainers\.image\.vendor="?Dispatch\b')


def complaint(image: str, history: Iterable[tuple[int, str]]) -> str:
    """What is wrong with the size of an image; empty when nothing is. Its history: bytes, and what made them; newest first."""
    added = 0
    for size, made_by in history:
        added += size
        if _FIRST.search(made_by):
            return f"{image} has {added:,} bytes beyond its base, and {MOST:,} are the most" if added > MOST else ""
    return f"the history of {image} does not show where its base ends"
