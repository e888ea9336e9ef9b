"""Kafka's time of a message, which its producer chooses.

In: microseconds since 1970. Out: a moment. Guaranteed: whatever a producer chose, there is one: a time that Python does
not have is told as the nearest that it has.
"""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = (
    (end - _EPOCH) // timedelta(microseconds=1)
    for end in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
)


def moment_at(microseconds: int) -> datetime:
    """The moment so long after 1970, or the nearest there is."""
    return _EPOCH + timedelta(microseconds=min(max(microseconds, _FIRST), _LAST))
