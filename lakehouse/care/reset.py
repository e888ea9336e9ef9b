"""Begin anew: remove what a lakehouse has written, and nothing else.

In: a lakehouse. Out: its root without data. Guaranteed: refused while anyone writes; only folders that the
product itself makes are removed.
"""

from contextlib import ExitStack
from pathlib import Path

from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import lease
from lakehouse.runtime.storage import remove_tree
from lakehouse.silver import SALES

PARTS = ("bronze", "silver", "gold", "ops", "staging", "warehouse", "logs", "leases")
"""The folders a lakehouse makes below its root; leases go last."""


WRITTEN = ("ops.landed_files", SALES, "gold", "warehouse", "warehouse.files")
"""The leases that writing jobs hold while they work."""


def parts(lake: Lake) -> list[str]:
    """Those of the folders that are there."""
    return [part for part in PARTS if Path(lake.root, part).is_dir()]


def remove(lake: Lake) -> None:
    """Remove them.

    Raises:
        JobError: another process is writing to this lakehouse.
    """
    with ExitStack() as held:
        for table in WRITTEN:
            held.enter_context(lease(lake.root, table, wait=False))
        for part in parts(lake):
            remove_tree(f"{lake.root}/{part}")
