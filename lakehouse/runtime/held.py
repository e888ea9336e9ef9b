"""The leases that this process holds now, so that whoever commits can make sure of all of them.

In: leases as they are taken. Out: one check of them all; what is remembered as long as there is one. Guaranteed: what
commits small tables or creates tables need not be handed the lease that it works under, and yet never goes on without
it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lakehouse.runtime.storage import Lease

_HELD: list[Lease] = []
_MEMORIES: list[dict[Any, Any]] = [{}]
"""The one of the leases that are held, or will be held next."""


@contextmanager
def holding(lease: Lease) -> Iterator[Lease]:
    """Count a lease among those held, for the length of a block."""
    _HELD.append(lease)
    try:
        yield lease
    finally:
        _HELD.remove(lease)
        if not _HELD:
            _MEMORIES[0] = {}  # not emptied: a thread may be about to write into it


def remembered() -> dict[Any, Any]:
    """A memory of this process that lasts until it lets go of its last lease; of the moment where it holds none."""
    return _MEMORIES[0] if _HELD else {}


def check_held() -> None:
    """Make sure of every lease that this process holds.

    Raises:
        JobError: one of them is lost; nothing more may be committed.
    """
    for lease in tuple(_HELD):
        lease.check()
