"""Small files of Delta tables, put together by Delta's OPTIMIZE.

In: a table under its lease, and which of its files are small. Out: fewer files with the same rows, in one commit; none
where few are small. Guaranteed: Delta marks the commit as one without a change, so that who follows the table reads
nothing twice, and who reads an older version finds its files; files that are large enough are left alone, so that the
cost follows what came since, and not the table.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from lakehouse.contract.derive.delta_table import at
from lakehouse.ops.opening import opened
from lakehouse.runtime.held import check_held
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.options import options_set

if TYPE_CHECKING:  # loaded where a session is
    from pyspark.sql import SparkSession

OPTIMIZE = "spark.databricks.delta.optimize"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """A file below `small` bytes is put together with others, up to `largest`."""

    small: int
    largest: int

    @property
    def options(self) -> dict[str, str]:
        """How Delta is told. A clustered table knows no small files, but cubes: here each is one file."""
        cube = f"{OPTIMIZE}.clustering.mergeStrategy.minCubeSize"
        return {
            f"{OPTIMIZE}.minFileSize": str(self.small),
            f"{OPTIMIZE}.maxFileSize": str(self.largest),
            f"{cube}.threshold": str(self.small),
            f"{cube}.targetCubeSize": str(self.largest),
        }


MERGED = Sizes(small=16 * 1024**2, largest=32 * 1024**2)
"""Of tables that MERGE writes to: of a larger file more would be read, or written anew, for a change of a few rows."""

MOST_SMALL = 32
"""So many small files such a table may have: each may be a request or more of who reads it, but each compaction writes
anew up to so many, and one that is not large yet."""


def compact_merged(spark: "SparkSession", lake: Lake, table: str) -> bool:
    """Put the small files of a table together that MERGE writes to, where it has too many; whether it had."""
    added = pa.table(opened(lake, table).get_add_actions())
    if sum(size < MERGED.small for size in added["size_bytes"].to_pylist()) <= MOST_SMALL:
        return False
    optimize(spark, lake, table, MERGED)
    return True


def optimize(spark: "SparkSession", lake: Lake, table: str, sizes: Sizes, where: str = "") -> None:
    """Put small files together in one commit, under the leases that this process holds.

    Args:
        where: names partitions, in SQL; all of them where it is left out.
    """
    check_held()
    with options_set(spark, sizes.options):
        spark.sql(f"OPTIMIZE {at(lake.location(table))}{where and f' WHERE {where}'}").collect()
