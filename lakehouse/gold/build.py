"""What every build of gold shares: where it stands, the gate on surrogate keys, the commit of a table.

In: a release that is to be, and the one it is built upon. Out: its tables, each by one commit. Guaranteed: a table
that a killed run wrote for the same release is not written again; a release whose keys collide is refused.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contract.derive.spark_schema import spark_schema
from lakehouse.errors import JobError
from lakehouse.gold.commits import signatures_since
from lakehouse.gold.dimensions import Dimension
from lakehouse.gold.release import Release
from lakehouse.ops import tables
from lakehouse.ops.killpoints import reached
from lakehouse.ops.spark import table_at
from lakehouse.quality.digest import Digest
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.parquet import parquet_columns
from lakehouse.runtime.storage import Lease
from lakehouse.silver import SALES

SHOWN = 5


class RefusedError(JobError):
    """A gate holds the release; no table was touched."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """A release under way: `base` is the complete release it is built upon, None where built from nothing."""

    spark: SparkSession
    lake: Lake
    target: Release
    base: Release | None
    held: Lease
    _read: dict[str, DataFrame] = field(default_factory=dict, repr=False, compare=False)
    """Tables read once each: Delta works out what an older version holds anew for every reader."""

    def path(self, name: str) -> str:
        """Where an intermediate result is."""
        return f"{self.lake.staging(self.target.release_id)}/{name}"

    def staged(self, rows: DataFrame, name: str) -> DataFrame:
        """The rows, computed once."""
        rows.write.mode("overwrite").parquet(self.path(name))
        return self.spark.read.schema(rows.schema).parquet(self.path(name))

    def kept(self, name: str, *columns: str) -> pa.Table:
        """Columns of an intermediate result, read without Spark."""
        return parquet_columns(self.lake.scratch, self.path(name), columns)

    def before(self, table: str) -> DataFrame:
        """A table as of the release this one is built upon; a dimension as a copy, as it is read again and again."""
        if self.base is None:
            raise ValueError("a build from nothing has no before")
        if table not in self._read:
            version = self.base.versions[table]
            is_dimension = self.lake.table(table).scd == 2
            self._read[table] = self.copied(table, version) if is_dimension else self.at(table, version)
        return self._read[table]

    def sales(self) -> DataFrame:
        """Silver as this release is built from it."""
        if SALES not in self._read:
            self._read[SALES] = self.at(SALES, self.target.silver_version)
        return self._read[SALES]

    def at(self, table: str, version: int) -> DataFrame:
        """A table as of a version."""
        return table_at(self.spark, self.lake, table, version)

    def copied(self, table: str, version: int, **among: Collection[str]) -> DataFrame:
        """The same, of the rows where columns have one of the texts given, copied to an intermediate result."""
        tables.copy(self.lake, table, version, self.path(table), **among)
        return self.spark.read.schema(spark_schema(self.lake.table(table).columns)).parquet(self.path(table))


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What a release has of one table."""

    version: int
    digest: Digest
    changes: Mapping[str, int]


def point_after(table: str) -> str:
    """The kill point after a table's commit: `gold-dim-customer`."""
    return table.replace(".", "-").replace("_", "-")


def commit(build: Build, table: str, write: Callable[[str], None]) -> int:
    """Write a table unless this release did so already; the version that has it."""
    since = build.base.versions[table] if build.base else -1
    if build.target.release_id not in (signatures_since(build.lake, table, since) or ()):
        build.held.check()
        write(build.lake.location(table))
    reached(point_after(table))
    version = tables.version(build.lake, table)
    if version is None:
        raise JobError(f"{table} was removed while it was built: run the command again")
    return version


def refuse_collisions(dimension: Dimension, rows: DataFrame) -> None:
    """The gate on surrogate keys.

    Args:
        rows: those of the dimension that could share a key.

    Raises:
        RefusedError: two versions share one; the sentence names them.
    """
    version = F.concat_ws(" ", "source_system", dimension.id, F.date_format("valid_from", "yyyy-MM-dd HH:mm:ss"))
    shared = rows.groupBy(dimension.sk).agg(F.sort_array(F.collect_list(version)).alias("versions"))
    found = shared.where(F.size("versions") > 1).orderBy(dimension.sk).limit(SHOWN).collect()
    if found:
        told = "; ".join(f"{row[0]}: {' and '.join(row[1])}" for row in found)
        raise RefusedError(
            f"surrogate keys of {dimension.table.name} collide ({told}); gold stays as it is; "
            "correct one of the natural keys at its source, or report it"
        )
