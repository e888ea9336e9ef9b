"""Rows that were kept out, written where they can be found again.

In: the staged rows of a batch. Out: rows of `ops.quarantine`. Guaranteed: one commit a batch that replaces
whatever an earlier, killed attempt at the same batch wrote; nothing else in the table changes.
"""

from collections.abc import Collection
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.ops import tables
from lakehouse.quality.names import as_array
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import parquet_batches

TABLE = "ops.quarantine"
OPEN, WAIVED, WITHDRAWN = "open", "waived", "withdrawn"
"""Kept out; kept out for good, as somebody said; kept out of a landing that was taken back."""


def quarantined_rows(staged: DataFrame, batch_id: str, fingerprint: str, now: datetime) -> DataFrame:
    """The rows of `ops.quarantine` for the staged rows whose standing is quarantined."""
    return staged.where(F.col("_standing") == "quarantined").select(
        F.col("_landing_id").alias("landing_id"),
        F.col("_source_row").alias("line"),
        F.col("source_system").alias("source"),
        F.col("_source_file").alias("file"),
        F.lit(batch_id).alias("batch_id"),
        F.col("_raw").alias("raw_text"),
        F.col("_raw_bytes").alias("raw_bytes"),
        as_array(F.col("_reasons")).alias("reasons"),
        F.lit(fingerprint).alias("rule_fingerprint"),
        "recorded_at",
        F.lit(OPEN).alias("status"),
        F.lit(now).alias("quarantined_at"),
    )


def store(lake: Lake, rejected: str, landing_id: str, count: int) -> None:
    """Put the rows staged at `rejected` into the table, in place of what an earlier attempt or generation left."""
    if count or tables.read(lake, TABLE, ["line"], landing_id=landing_id):
        tables.replace(lake, TABLE, parquet_batches(rejected), landing_id=landing_id)


def withdraw(lake: Lake, landing_ids: Collection[str]) -> None:
    """Mark the rows of landings that are taken back."""
    tables.update(lake, TABLE, {"status": WITHDRAWN}, landing_id=landing_ids)


def kept_out(lake: Lake, source: str) -> list[tuple[str, int]]:
    """Landing and line of the rows of a source that were never accepted."""
    rows = tables.read(lake, TABLE, ["landing_id", "line", "status"], source=source)
    return [(row["landing_id"], row["line"]) for row in rows if row["status"] in (OPEN, WAIVED)]
