"""Named points of the protocols, at which a test may kill the process.

In: LAKEHOUSE_KILL_AT, set by tests alone: `merged`, `merged:2` (the second time there) or `prepared+0.5` (half
a second after). Out: nothing, or this process ends at once, with no clean-up. Guaranteed: without the
variable each call costs one look into the environment.
"""

import os
import re
import signal
import threading
from collections import Counter

LANDING_POINTS = ("landing-begun", "ledger-landing", "object-put", "ledger-landed")
"""Before the first ledger row, after it, after each object, after the rows that say `landed`."""

SILVER_POINTS = (
    "batch-begun",
    "staged",
    "classified",
    "quarantined",
    "prepared",
    "merged",
    "compared",
    "done",
)
"""Under silver's lease; after each step, so that every step has a point before and one after it."""

WITHDRAWAL_POINTS = (
    "withdrawal-prepared",
    "withdrawal-merged",
    "withdrawal-accounted",
    "withdrawal-in-ledger",
    "withdrawal-done",
)
"""Under silver's lease; the books are closed from the accounting to the ledger to the withdrawal itself."""

STREAM_POINTS = ("stream-begun", "stream-batch-begun", "stream-written", "stream-batch-done")
"""Under the lease of the table of events; before the query begins, and around the commit of each batch of it."""

EXPIRY_POINTS = ("expired-in-ledger", "expired-object-gone")
"""Under the leases of silver and of the ledger; after the rows, and after each file."""

_SPECIFICATION = re.compile(r"(?P<point>[a-z-]+)(:(?P<time>\d+))?(\+(?P<delay>\d+(\.\d+)?))?")
_REACHED: Counter[str] = Counter()


def reached(point: str) -> None:
    """Say that a point was reached; SIGKILL to this very process where a test asked for it.

    Raises:
        ValueError: LAKEHOUSE_KILL_AT is not of one of the forms above.
    """
    asked = os.environ.get("LAKEHOUSE_KILL_AT")
    if not asked:
        return
    told = _SPECIFICATION.fullmatch(asked)
    if told is None:
        raise ValueError(f"LAKEHOUSE_KILL_AT={asked} is none of point, point:time, point+seconds")
    if told["point"] != point:
        return
    _REACHED[point] += 1
    if _REACHED[point] != int(told["time"] or 1):
        return
    if told["delay"] is None:
        _kill()
    threading.Timer(float(told["delay"] or 0), _kill).start()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
