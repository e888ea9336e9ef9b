"""What changed in silver between two of its versions: each changed line as it was and as it is.

In: two versions of `silver.sales`. Out: one row a line that is not the same live line in both. Guaranteed: no
change is missed; where the commits between tell which batches they were, only those batches' rows are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.gold.facts import KEYS, live_lines
from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake
from lakehouse.silver import SALES
from lakehouse.silver.bounds import bounds_of

HOUSEKEEPING = frozenset(
    {
        *("OPTIMIZE", "VACUUM START", "VACUUM END", "CREATE TABLE", "SET TBLPROPERTIES", "UNSET TBLPROPERTIES"),
        *("ADD CONSTRAINT", "CLUSTER BY", "UPGRADE PROTOCOL", "CHANGE COLUMN"),
    }
)
"""Operations that leave every row as it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What happened to silver after version `old`, up to `new`.

    `batches` are the ids written into the rows that came; None where a commit does not say which rows it
    changed, or removed some, so that both versions must be compared wholly. `updates`: whether any row was
    there before.
    """

    old: int
    new: int
    batches: tuple[str, ...] | None
    updates: bool

    @property
    def empty(self) -> bool:
        """Whether nothing happened to any row."""
        return self.batches == ()


def span_between(lake: Lake, old: int, new: int) -> Span:
    """What silver's log says of the versions after `old`, up to `new`."""
    commits = [c for c in tables.history(lake, SALES, old) if c["version"] <= new]
    telling = [c for c in commits if c["operation"] not in HOUSEKEEPING]
    if len(commits) != new - old or not all(_tells_its_rows(commit) for commit in telling):
        return Span(old=old, new=new, batches=None, updates=True)
    updates = any(_metric(commit, "numTargetRowsUpdated") for commit in telling)
    batches = tuple(dict.fromkeys(str(commit["userMetadata"]) for commit in telling))
    return Span(old=old, new=new, batches=batches, updates=updates)


def _tells_its_rows(commit: Mapping[str, Any]) -> bool:
    """A MERGE of a batch: its rows carry its id, and none was removed."""
    return (
        commit["operation"] == "MERGE"
        and bool(commit.get("userMetadata"))
        and not _metric(commit, "numTargetRowsDeleted")
    )


def _metric(commit: Mapping[str, Any], name: str) -> int:
    return int((commit.get("operationMetrics") or {}).get(name, 0))


def sales_at(spark: SparkSession, lake: Lake, version: int) -> DataFrame:
    """All rows of silver at a version."""
    return spark.read.format("delta").option("versionAsOf", version).load(lake.location(SALES))


def changed_lines(sales: DataFrame, lake: Lake, span: Span, columns: list[str]) -> DataFrame:
    """Source, key, and the columns given as structs `was` and `now`, NULL where there was or is no live line.

    Args:
        sales: silver at the span's new version.
        lake: where the old version is.
        span: what happened in between.
        columns: of silver.
    """
    come, gone = sales, sales_at(sales.sparkSession, lake, span.old)
    if span.batches is not None:
        come = come.where(F.col("_batch_id").isin(*span.batches))
        if span.updates:
            gone = gone.where(_where_they_were(lake, come))
            gone = gone.join(come.select(*KEYS), list(KEYS), "left_semi")
        else:
            gone = gone.where(F.lit(False))
    was = live_lines(gone).select(*KEYS, F.struct(*columns).alias("was"))
    now = live_lines(come).select(*KEYS, F.struct(*columns).alias("now"))
    return was.join(now, list(KEYS), "full_outer").where(~F.col("was").eqNullSafe(F.col("now")))


def _where_they_were(lake: Lake, come: DataFrame) -> SparkColumn:
    """Literal bounds on silver's rows with the keys of `come`, source by source."""
    counts = come.groupBy("source_system").count().collect()
    found = []
    for source, count in sorted((row[0], row[1]) for row in counts):
        rows = come.where(F.col("source_system") == source)
        found.append(bounds_of(rows, count, lake.source(source))(""))
    return reduce(SparkColumn.__or__, found, F.lit(False))
