"""The books of what was kept out, written where it can be found again.

In: files of rejected rows. Out: rows of `ops.quarantine`. Guaranteed: one commit a batch that replaces whatever an
earlier, killed attempt at the same batch wrote; nothing else in the table changes; no Spark is loaded.
"""

from collections.abc import Collection

from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.parquet import parquet_batches

TABLE = "ops.quarantine"
OPEN, WAIVED, WITHDRAWN = "open", "waived", "withdrawn"
"""Kept out; kept out for good, as somebody said; kept out of a landing that was taken back."""


def has_rows(lake: Lake, landing_id: str) -> bool:
    """Whether an earlier attempt or generation left rows of a landing."""
    return bool(tables.count_by(lake, TABLE, "status", landing_id=[landing_id]))


def store(lake: Lake, rejected: str, landing_id: str) -> None:
    """Put the rows staged at `rejected` into the table, in place of what an earlier attempt or generation left."""
    tables.replace(lake, TABLE, parquet_batches(lake.scratch, rejected), landing_id=landing_id)


def withdraw(lake: Lake, landing_ids: Collection[str]) -> None:
    """Mark the rows of landings that are taken back."""
    tables.update(lake, TABLE, {"status": WITHDRAWN}, landing_id=landing_ids)


def kept_out(lake: Lake, source: str) -> list[tuple[str, int]]:
    """Landing and line of the rows of a source that were never accepted."""
    rows = tables.read(lake, TABLE, ["landing_id", "line", "status"], source=source)
    return [(row["landing_id"], row["line"]) for row in rows if row["status"] in (OPEN, WAIVED)]
