"""Small files of landed events, put together day by day.

In: the table of events, under its lease. Out: fewer files with the same rows; none where there is nothing to do.
Guaranteed: each byte is written anew a few times at most; what else is, `lakehouse.ops.compaction` says.
"""

from collections import Counter
from datetime import date

import pyarrow as pa
from pyspark.sql import SparkSession

from lakehouse.ops.compaction import Sizes, optimize
from lakehouse.ops.opening import opened
from lakehouse.runtime.lake import Lake
from lakehouse.streams.bronze import EVENTS

SIZES = Sizes(small=32 * 1024**2, largest=128 * 1024**2)

MOST_TODAY = 64
"""So many small files a day may have while it is landed on; a day that is over, one."""


def compact(spark: SparkSession, lake: Lake, today: date) -> list[str]:
    """Put the small files of each day together that has too many; those days."""
    days = _crowded(lake, today.isoformat())
    for day in days:
        optimize(spark, lake, EVENTS, SIZES, where=f"landing_day = DATE '{day}'")
    return days


def _crowded(lake: Lake, today: str) -> list[str]:
    """The days with too many small files, from Delta's log alone."""
    added = pa.table(opened(lake, EVENTS).get_add_actions(flatten=True))
    sizes = zip(added["partition.landing_day"].to_pylist(), added["size_bytes"].to_pylist(), strict=True)
    small = Counter(str(day) for day, size in sizes if size < SIZES.small)
    return sorted(day for day, count in small.items() if count > (MOST_TODAY if day >= today else 1))
