"""What each winner of a batch will do to silver, told before anything is done.

In: the winners of a batch and a pinned version of silver. Out: the winners with `_class` and `_conflict`.
Guaranteed: pure; the classes are those of docs/explanation/semantics.md, and `CHANGES` are exactly the rows
that a newer-only MERGE touches.
"""

from collections.abc import Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract.model import Column
from lakehouse.quality.identity import CONTENT_HASH_VERSION, content_hash
from lakehouse.silver.order import KEYS, rank


def classified(winners: DataFrame, standing: DataFrame, business: Sequence[Column]) -> DataFrame:
    """Adds `_class`, and to `_conflict` what silver holds of the same moment with other content.

    Args:
        winners: one statement a key.
        standing: silver's rows that may have the same keys.
        business: the business columns, to hash rows of an older hash version anew.
    """
    there = standing.select(
        *KEYS,
        F.struct("recorded_at", "is_deleted", current_hash(business).alias("_content_hash")).alias("_there"),
    )
    joined = winners.join(there, list(KEYS), "left")
    comes, stands = rank(), F.col("_there")
    conflict = (F.col("_there.recorded_at") == F.col("recorded_at")) & (comes != stands)
    return joined.withColumns(
        {
            "_class": _class(comes, stands),
            "_conflict": F.col("_conflict") | F.coalesce(conflict, F.lit(False)),
        }
    ).drop("_there")


def with_keys_of(winners: DataFrame, standing: DataFrame) -> DataFrame:
    """Of silver's rows those with keys of the winners, which are few enough for each task to hold all of either."""
    return F.broadcast(standing.join(F.broadcast(winners.select(*KEYS)), list(KEYS), "left_semi"))


def current_hash(business: Sequence[Column], prefix: str = "") -> SparkColumn:
    """`_content_hash` in the version of this code: rows of an older one are hashed anew."""
    stored = F.col(f"{prefix}_content_hash")
    return F.when(stored.startswith(CONTENT_HASH_VERSION), stored).otherwise(content_hash(business, prefix))


def _class(comes: SparkColumn, stands: SparkColumn) -> SparkColumn:
    deletes, deleted = comes["is_deleted"], stands["is_deleted"]
    return (
        F.when(stands.isNull(), F.when(deletes, "tombstoned").otherwise("inserted"))
        .when(comes == stands, "duplicate")
        .when(comes < stands, "stale")
        .when(deletes & ~deleted, "deleted")
        .when(~deletes & deleted, "revived")
        .when(comes["_content_hash"] == stands["_content_hash"], "refreshed")
        .otherwise("updated")
    )
