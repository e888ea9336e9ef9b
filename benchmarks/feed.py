"""Two ways to find what an increment changed in silver: by the ids of its batches, and by Delta's change data feed.

In: two lakehouses with the same silver, one with the feed. Out: of both ways the changed lines, counted and hashed,
with time, jobs and bytes read. Guaranteed: the hash is over source, key and the whole line before and after, so that
equal hashes are equal changes; both ways are measured by the same query over them.
"""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import psutil
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contract.derive.delta_table import at
from lakehouse.gold.build import Build
from lakehouse.gold.changes import changed_lines
from lakehouse.gold.release import STEP, intended
from lakehouse.gold.span import span_between
from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake, in_folder, open_lake
from lakehouse.runtime.leases import own_jvm
from lakehouse.runtime.session import open_session
from lakehouse.runtime.storage import Lease
from lakehouse.silver import SALES

KEYS = ("source_system", "sale_id")
PROPERTY = "delta.enableChangeDataFeed"
GROUP = "changes"


def run(what: str, home: str, other: str, span: int) -> dict[str, Any]:
    """A step of the bench: `copy` a lakehouse, or `compare` both ways on the newest `span` versions of silver."""
    lake, beside = (in_folder(open_lake(), root) for root in (home, other))
    spark = open_session(lake.settings)
    return copy_with_feed(spark, lake, beside) if what == "copy" else compare(spark, lake, beside, span)


def copy_with_feed(spark: SparkSession, lake: Lake, beside: Lake) -> dict[str, Any]:
    """Copy a lakehouse; the copy's silver keeps the feed from then on."""
    shutil.copytree(lake.root, beside.root, dirs_exist_ok=True)
    spark.sql(f"ALTER TABLE {at(beside.location(SALES))} SET TBLPROPERTIES ('{PROPERTY}' = 'true')")
    return {"version": _newest(beside)}


def compare(spark: SparkSession, lake: Lake, with_feed: Lake, span: int) -> dict[str, Any]:
    """What the newest versions of silver changed, found both ways."""
    return {
        "by batch ids": _measured(spark, lambda: by_batch_ids(spark, lake, _newest(lake), span)),
        "by change feed": _measured(spark, lambda: by_feed(spark, with_feed, _newest(with_feed), span)),
    }


def by_batch_ids(spark: SparkSession, lake: Lake, version: int, span: int) -> DataFrame:
    """The product's way."""
    target = intended(lake, None, version, STEP)
    build = Build(spark=spark, lake=lake, target=target, base=None, held=cast(Lease, None))  # nothing is committed
    return changed_lines(build, span_between(lake, version - span, version), columns_of(lake))


def by_feed(spark: SparkSession, lake: Lake, version: int, span: int) -> DataFrame:
    """The feed's way: of each key the row before its first change and the row after its last."""
    reader = spark.read.format("delta").option("readChangeFeed", "true")
    reader = reader.option("startingVersion", version - span + 1).option("endingVersion", version)
    events = reader.load(lake.location(SALES))
    row = F.struct("is_deleted", *columns_of(lake))
    before, after = ("update_preimage", "delete"), ("update_postimage", "insert")
    changed = events.groupBy(*KEYS).agg(
        _row_of(F.min_by, row, before, "insert").alias("was"), _row_of(F.max_by, row, after, "delete").alias("now")
    )
    live = changed.select(*KEYS, *(_live(side, columns_of(lake)) for side in ("was", "now")))
    return live.where(~F.col("was").eqNullSafe(F.col("now")))


def columns_of(lake: Lake) -> list[str]:
    """What gold needs of a line."""
    return list(dict.fromkeys([*KEYS, *(c.name for c in lake.table(SALES).business_columns)]))


def _row_of(
    chosen: Callable[[SparkColumn, SparkColumn], SparkColumn], row: SparkColumn, there: tuple[str, str], absent: str
) -> SparkColumn:
    """The row at the first or last version; NULL where the key was absent there."""
    kind, version = F.col("_change_type"), F.col("_commit_version")
    counts = kind.isin(*there, absent)
    return chosen(F.when(kind != absent, row), F.when(counts, version))


def _live(side: str, columns: list[str]) -> SparkColumn:
    """The row without its mark; NULL where it is a tombstone."""
    kept = F.struct(*(F.col(f"{side}.{name}").alias(name) for name in columns))
    return F.when(F.col(side).isNotNull() & ~F.col(f"{side}.is_deleted"), kept).alias(side)


def _measured(spark: SparkSession, found: Callable[[], DataFrame]) -> dict[str, Any]:
    """Find the changes once, count and hash them; seconds, jobs and bytes that this took."""
    context, jobs_before, read_before = spark.sparkContext, _jobs(spark), _bytes_read()
    context.setJobGroup(GROUP, "what changed in silver")
    begun = time.perf_counter()
    rows = found().select(F.xxhash64(*KEYS).alias("key"), F.xxhash64(*KEYS, "was", "now").alias("whole"))
    told = rows.agg(F.count(F.lit(1)), F.bit_xor("key"), F.bit_xor("whole")).first()
    seconds = time.perf_counter() - begun
    context._jsc.clearJobGroup()
    return {
        "found": list(told) if told is not None else [],
        "seconds": seconds,
        "jobs": _jobs(spark) - jobs_before,
        "bytes read": _bytes_read() - read_before,
    }


def _jobs(spark: SparkSession) -> int:
    return len(spark.sparkContext.statusTracker().getJobIdsForGroup(GROUP))


def _bytes_read() -> int:
    """What Python and its JVM have read from files so far, whether the disk or its cache had it.

    Spark's own counts leave out what Parquet reads in vectors.
    """
    processes = [os.getpid(), *([jvm] if (jvm := own_jvm()) else [])]
    return sum(psutil.Process(pid).io_counters().read_chars for pid in processes)


def _newest(lake: Lake) -> int:
    version = tables.version(lake, SALES)
    if version is None:
        raise FileNotFoundError(f"there is no {SALES} in {Path(lake.root)}")
    return version
