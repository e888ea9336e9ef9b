"""Every rule, once, into one column of reasons; the split into good and bad rows reads that column.

In: canonical rows with `_error`, `_blank`, `_faults`, `_noticed`. Out: the same rows with `_reasons`, `_warnings` and
`_holds` (lists of rule names, see `lakehouse.quality.names`). Guaranteed: pure; a row is quarantined if and
only if `_reasons` is not empty, and raw text is kept for exactly those.
"""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.quality.checks import Rules, broken
from lakehouse.quality.names import NONE, any_name, joined, names_where
from lakehouse.silver.conform import Transform


def validated(rules: Rules) -> Transform:
    """Adds the three lists; takes `_raw` and `_raw_bytes` from rows that are good."""

    def transform(rows: DataFrame) -> DataFrame:
        fields = joined(F.col("_faults"), broken(rules, "quarantine"))
        found = rows.withColumn("_found", F.coalesce("_error", fields))
        reasons = (
            F.when(F.col("_blank"), NONE)
            .when(any_name(F.col("_found")), F.col("_found"))
            .otherwise(_nothing_derived(rules))
        )
        judged = found.withColumn("_reasons", reasons)
        bad = any_name(F.col("_reasons"))
        good = ~bad & ~F.col("_blank")
        return judged.withColumns(
            {
                "_warnings": F.when(good, joined(F.col("_noticed"), broken(rules, "warn"))).otherwise(NONE),
                "_holds": F.when(good, broken(rules, "abort")).otherwise(NONE),
                "_raw": F.when(bad, F.col("_raw")),
                "_raw_bytes": F.when(bad, F.col("_raw_bytes")),
            }
        ).drop("_faults", "_error", "_found", "_noticed")

    return transform


def _nothing_derived(rules: Rules) -> SparkColumn:
    """Required columns of the table that the source's transform could not make; asked last, as they only follow."""
    required = [c.name for c in rules.table.business_columns if c.required]
    lives = ~F.col("is_deleted")
    return names_where({f"{name}_missing": lives & F.col(name).isNull() for name in required})
