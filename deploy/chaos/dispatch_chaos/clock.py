"""Times as events carry them, and as this harness compares them: whole microseconds since 1970."""

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> int:
    """The time, microseconds."""
    return time.time_ns() // 1000


def text(micros: int) -> str:
    """RFC 3339, in UTC."""
    return (_EPOCH + micros * _MICROSECOND).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(rfc3339: str) -> int:
    """Microseconds of an RFC 3339 time."""
    return (datetime.fromisoformat(rfc3339) - _EPOCH) // _MICROSECOND
