"""What turns the rows of a table into other rows: computed, counted and written, in one commit a table.

In: the rows that may change, before and after. Out: a staged difference with its counts and digests, and the
commit that brings it into the table. Guaranteed: the table's digest follows from the difference, without
reading the table; Delta changed as many rows as the difference has, or an error says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from delta.tables import DeltaTable
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contract.model import Table
from lakehouse.quality.digest import Digest, digest_columns, digest_of, digest_parts

INSERT, UPDATE, DELETE = "insert", "update", "delete"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A staged difference: `rows` have the keys, `_change`, and the whole rows `was` and `now`."""

    rows: DataFrame
    counts: Mapping[str, int]
    was: Digest
    now: Digest

    @property
    def empty(self) -> bool:
        """Whether nothing is to be written."""
        return not any(self.counts.values())

    def digest_after(self, before: Digest) -> Digest:
        """The digest of the table after the difference, from the one before."""
        return Digest(rows=before.rows - self.was.rows + self.now.rows, sum=before.sum - self.was.sum + self.now.sum)


def differing(before: DataFrame, after: DataFrame, keys: Sequence[str], columns: Sequence[str]) -> DataFrame:
    """The rows that are not the same on both sides: their keys, `_change`, and their columns as `was` and `now`."""
    was = before.select(*keys, F.struct(*columns).alias("was"))
    now = after.select(*keys, F.struct(*columns).alias("now"))
    kind = F.when(F.col("was").isNull(), INSERT).when(F.col("now").isNull(), DELETE).otherwise(UPDATE)
    changed = was.join(now, list(keys), "full_outer").where(~F.col("was").eqNullSafe(F.col("now")))
    return changed.withColumn("_change", kind)


def counted(rows: DataFrame, table: Table) -> Difference:
    """A staged difference of a table with its counts and the digests of both sides."""
    columns = digest_columns(table)
    wanted = [F.count_if(F.col("_change") == change).alias(change) for change in (INSERT, UPDATE, DELETE)]
    wanted += [part for side in ("was", "now") for part in digest_parts(columns, side)]
    found = list(rows.agg(*wanted).first() or [0] * len(wanted))
    return Difference(
        rows=rows,
        counts=dict(zip((INSERT, UPDATE, DELETE), map(int, found[:3]), strict=True)),
        was=digest_of(found[3:6]),
        now=digest_of(found[6:9]),
    )


def write_difference(
    spark: SparkSession,
    location: str,
    difference: Difference,
    table: Table,
    where: SparkColumn | None = None,
) -> None:
    """Bring a difference into the table, in one commit.

    Args:
        location: of a table whose rows with these keys are as they were when the difference was made.
        where: narrows the search, in the table as `t`: literal ranges of values before.
    """
    columns = [c.name for c in table.columns]
    if not difference.counts[UPDATE] and not difference.counts[DELETE]:
        rows = difference.rows.select("now.*")
        rows.select(*columns).write.format("delta").mode("append").save(location)
        return
    comes = difference.rows.select(*table.keys, "_change", "now").alias("s")
    same = [F.col(f"t.{key}") == F.col(f"s.{key}") for key in table.keys]
    narrowed = [] if where is None else [where]
    values: dict[str, str | SparkColumn] = {name: F.col(f"s.now.{name}") for name in columns}
    merge = (
        DeltaTable.forPath(spark, location)
        .alias("t")
        .merge(comes, reduce(SparkColumn.__and__, [*narrowed, *same]))
        .whenMatchedDelete(F.col("s._change") == DELETE)
        .whenMatchedUpdate(F.col("s._change") == UPDATE, values)
    )
    if difference.counts[INSERT]:
        merge = merge.whenNotMatchedInsert(F.col("s._change") == INSERT, values)
    merge.execute()
