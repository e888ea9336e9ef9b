"""The MERGE into silver: newer statements only, in one commit that carries the batch id.

In: classified winners. Out: one commit. Guaranteed: the newer-only condition stands in the MERGE
itself, so that running it again, or after another writer, can never put an older statement over a newer one.
"""

from collections.abc import Sequence

from delta.tables import DeltaTable
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contract.model import Column, Table
from lakehouse.runtime.delta import signed
from lakehouse.runtime.options import options_set
from lakehouse.runtime.session import is_adaptive
from lakehouse.silver import CHANGES
from lakehouse.silver.bounds import Bounds
from lakehouse.silver.classify import current_hash
from lakehouse.silver.order import KEYS, rank

STAGED = {"spark.databricks.delta.merge.materializeSource": "none"}
"""What is staged does not change: there is no need to keep it once more."""

FEW_WITH_MANY = {
    # Of silver only rows whose keys the changes may have reach the join, told by a Bloom filter of these; else all of
    # it would be collected, or sorted, to find some thousand rows.
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.adaptive.autoBroadcastJoinThreshold": "32m",
    "spark.sql.optimizer.runtime.bloomFilter.applicationSideScanSizeThreshold": "0",
}
"""How a batch is joined with a silver that is not small."""


def merge_changes(
    spark: SparkSession,
    location: str,
    changes: DataFrame,
    bounds: Bounds,
    table: Table,
    batch_id: str,
    updates: int,
) -> None:
    """Bring the rows with a changing `_class` into silver, in one commit.

    Args:
        location: silver's location.
        changes: classified winners, with at least the table's columns.
        bounds: where in silver their keys can be.
        table: silver's contract.
        batch_id: written into the commit as `userMetadata`.
        updates: how many of them meet a row in silver; with none the cheaper insert-only MERGE does.
    """
    columns = [c.name for c in table.columns]
    comes = changes.where(F.col("_class").isin(*CHANGES)).select(*columns).alias("s")
    same = bounds("t.")
    for key in KEYS:
        same = same & (F.col(f"t.{key}") == F.col(f"s.{key}"))
    merge = DeltaTable.forPath(spark, location).alias("t").merge(comes, same)
    if updates:
        merge = merge.whenMatchedUpdateAll(_newer(table.business_columns))
    with signed(spark, batch_id), options_set(spark, STAGED | (FEW_WITH_MANY if is_adaptive(spark) else {})):
        merge.whenNotMatchedInsertAll().execute()


def _newer(business: Sequence[Column]) -> SparkColumn:
    return rank("s.") > rank("t.", current_hash(business, "t."))
