"""Every rule, once, into one column of reasons; the split into good and bad rows reads that column.

In: canonical rows with `_error`, `_blank`, `_missing`, `_unreadable`. Out: the same rows with `_reasons`,
`_warnings` and `_holds` (lists of rule names). Guaranteed: pure; a row is quarantined if and only if
`_reasons` is not empty, and raw text is kept for exactly those.
"""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.quality.checks import Rules, broken, no_names
from lakehouse.silver.conform import Transform


def validated(rules: Rules) -> Transform:
    """Adds the three lists; takes `_raw` and `_raw_bytes` from rows that are good."""

    def transform(rows: DataFrame) -> DataFrame:
        fields = F.concat(
            F.transform("_missing", lambda c: F.concat(c, F.lit("_missing"))),
            F.transform("_unreadable", lambda c: F.concat(c, F.lit("_unreadable"))),
            broken(rules, "quarantine"),
        )
        reasons = (
            F.when(F.col("_blank"), no_names())
            .when(F.col("_error").isNotNull(), F.array(F.col("_error")))
            .when(F.size(fields) > 0, fields)
            .otherwise(_nothing_derived(rules))
        )
        judged = rows.withColumn("_reasons", reasons)
        good = (F.size("_reasons") == 0) & ~F.col("_blank")
        return judged.withColumns(
            {
                "_warnings": F.when(good, broken(rules, "warn")).otherwise(no_names()),
                "_holds": F.when(good, broken(rules, "abort")).otherwise(no_names()),
                "_raw": F.when(F.size("_reasons") > 0, F.col("_raw")),
                "_raw_bytes": F.when(F.size("_reasons") > 0, F.col("_raw_bytes")),
            }
        ).drop("_missing", "_unreadable", "_error")

    return transform


def _nothing_derived(rules: Rules) -> SparkColumn:
    """Required columns of the table that the source's transform could not make; asked last, as they only follow."""
    required = [c.name for c in rules.table.business_columns if c.required]
    flags = [F.when(F.col(name).isNull(), F.lit(f"{name}_missing")) for name in required]
    return F.filter(F.array(*flags), lambda name: name.isNotNull())
