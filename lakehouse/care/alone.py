"""Nobody else writes: what may be done only while no job is at work.

In: a lakehouse. Out: all leases of it, for the length of a block. Guaranteed: refused at once while anyone writes, so
that nobody waits for who waits for them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from lakehouse.ops import runs
from lakehouse.runtime.lake import Lake
from lakehouse.silver import SALES
from lakehouse.streams.bronze import EVENTS

WRITTEN = ("ops.landed_files", SALES, "gold", "warehouse", EVENTS, "verify", runs.TABLE)
"""The leases that jobs hold while they work."""


@contextmanager
def alone(lake: Lake) -> Iterator[None]:
    """Hold them all.

    Raises:
        JobError: another process is writing to this lakehouse.
    """
    with ExitStack() as held:
        for name in WRITTEN:
            held.enter_context(lake.lease(name, wait=False))
        yield
