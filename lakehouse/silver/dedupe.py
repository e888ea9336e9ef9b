"""One winner a key within a batch; what became of the others.

In: judged rows. Out: the losers, then the rows with `_standing` (blank, quarantined, winner, duplicate or
stale) and `_conflict`. Guaranteed: pure; every row has exactly one standing, every key that takes part exactly
one winner. Most keys stand alone in their batch: only the others are sorted, and only by narrow columns.
"""

from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.quality.names import any_name
from lakehouse.silver.order import KEYS, SEQUENCE, rank

PROVENANCE = ("_source_file", "_source_row", "_topic", "_partition", "_offset")
"""Where a row came from; unique within a batch, and the order in which the first of equal statements wins."""


def losers(rows: DataFrame) -> DataFrame:
    """Statements that are not the winner of their key: provenance, `_standing` (duplicate, stale), `_conflict`."""
    key = F.xxhash64(*KEYS)  # a collision only means that a key is looked at in vain
    statements = rows.where(_takes_part()).select(*KEYS, *SEQUENCE, *PROVENANCE, key.alias("_key"))
    crowded = statements.groupBy("_key").count().where("count > 1").select("_key")
    same_key = Window.partitionBy(*KEYS).orderBy(rank().desc(), *PROVENANCE)
    ranked = statements.join(crowded, "_key", "left_semi").withColumns(
        {"_place": F.row_number().over(same_key), "_winner": F.first(rank()).over(same_key)}
    )
    equal = F.col("_winner") == rank()
    return ranked.where("_place > 1").select(
        *PROVENANCE,
        F.when(equal, "duplicate").otherwise("stale").alias("_standing"),
        (~equal & (F.col("_winner.recorded_at") == F.col("recorded_at"))).alias("_conflict"),
    )


def with_standing(rows: DataFrame, losing: DataFrame) -> DataFrame:
    """The rows with `_standing` and `_conflict`, given the losers among them."""
    same_row = [F.col(f"row.{name}").eqNullSafe(F.col(f"lost.{name}")) for name in PROVENANCE]
    joined = rows.alias("row").join(F.broadcast(losing).alias("lost"), reduce(SparkColumn.__and__, same_row), "left")
    standing = (
        F.when(F.col("_blank"), "blank")
        .when(any_name(F.col("_reasons")), "quarantined")
        .otherwise(F.coalesce("lost._standing", F.lit("winner")))
    )
    conflict = F.coalesce("lost._conflict", F.lit(False))
    return joined.select("row.*", standing.alias("_standing"), conflict.alias("_conflict"))


def _takes_part() -> SparkColumn:
    return ~F.col("_blank") & ~any_name(F.col("_reasons"))
