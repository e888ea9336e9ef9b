"""Small files of landed events, put together.

In: the table of events, under its lease. Out: fewer files with the same rows; none where there is nothing to do.
Guaranteed: Delta marks the commit as one without a change, so that who follows the table reads nothing twice; large
files are left alone, so that each byte is written anew a few times at most.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pyarrow as pa
from pyspark.sql import SparkSession

from lakehouse.contract.derive.delta_table import at
from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import Lease
from lakehouse.streams.bronze import EVENTS

SMALL_BYTES = 32 * 1024**2
"""A file below it is small."""

LARGEST_BYTES = 128 * 1024**2

MOST_TODAY = 64
"""So many small files a day may have while it is landed on; a day that is over, one."""

SIZES = {
    "spark.databricks.delta.optimize.minFileSize": str(SMALL_BYTES),
    "spark.databricks.delta.optimize.maxFileSize": str(LARGEST_BYTES),
}


def compact(spark: SparkSession, lake: Lake, held: Lease, today: date) -> list[str]:
    """Put the small files of each day together that has too many; those days."""
    days = _crowded(lake, today.isoformat())
    for day in days:
        held.check()
        with _told(spark):
            spark.sql(f"OPTIMIZE {at(lake.location(EVENTS))} WHERE landing_day = DATE '{day}'").collect()
    return days


def _crowded(lake: Lake, today: str) -> list[str]:
    """The days with too many small files, from Delta's log alone."""
    added = pa.table(tables.opened(lake, EVENTS).get_add_actions(flatten=True))
    sizes = zip(added["partition.landing_day"].to_pylist(), added["size_bytes"].to_pylist(), strict=True)
    small = Counter(str(day) for day, size in sizes if size < SMALL_BYTES)
    return sorted(day for day, count in small.items() if count > (MOST_TODAY if day >= today else 1))


@contextmanager
def _told(spark: SparkSession) -> Iterator[None]:
    for name, value in SIZES.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name in SIZES:
            spark.conf.unset(name)
