"""One winner a key within a batch; what became of the others.

In: validated rows. Out: the same rows with `_standing` (blank, quarantined, winner, duplicate or stale) and
`_conflict`. Guaranteed: pure; every row has exactly one standing, every key that takes part exactly one winner.
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.silver.order import rank


def deduplicated(rows: DataFrame) -> DataFrame:
    """Adds `_standing` and `_conflict`; of equal statements the first by provenance wins."""
    takes_part = ~F.col("_blank") & (F.size("_reasons") == 0)
    provenance = [F.col(name) for name in ("_source_row", "_topic", "_partition", "_offset")]
    alone = F.concat_ws(":", F.lit("#"), *provenance)
    same_key = Window.partitionBy(
        F.when(takes_part, F.col("source_system")), F.when(takes_part, F.col("sale_id")).otherwise(alone)
    ).orderBy(rank().desc(), *provenance)
    ranked = rows.withColumns({"_place": F.row_number().over(same_key), "_winner": F.first(rank()).over(same_key)})
    standing = (
        F.when(F.col("_blank"), "blank")
        .when(~takes_part, "quarantined")
        .when(F.col("_place") == 1, "winner")
        .when(F.col("_winner") == rank(), "duplicate")
        .otherwise("stale")
    )
    conflict = takes_part & (F.col("_winner.recorded_at") == F.col("recorded_at")) & (F.col("_winner") != rank())
    return ranked.withColumns({"_standing": standing, "_conflict": conflict}).drop("_place", "_winner")
