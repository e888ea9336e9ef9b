"""Named points of the protocols, at which a test may kill the process.

In: LAKEHOUSE_KILL_AT=<name>, set by tests alone. Out: nothing, or this process ends at once, with
no clean-up. Guaranteed: without the variable each call costs one look into the environment.
"""

import os
import signal


def reached(point: str) -> None:
    """Say that a point was reached; SIGKILL to this very process where a test asked for it."""
    if os.environ.get("LAKEHOUSE_KILL_AT") == point:
        os.kill(os.getpid(), signal.SIGKILL)
