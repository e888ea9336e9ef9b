"""Rows that a rule rejected, as `ops.quarantine` keeps them.

In: the staged rows of a batch. Out: the columns of the table, a row each for those that are kept out. Guaranteed: raw
text and every reason are as they were staged.
"""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.ops.quarantine import OPEN
from lakehouse.quality.names import as_array


def quarantined_rows(staged: DataFrame, batch_id: str, fingerprint: str, now: datetime) -> DataFrame:
    """The rows of `ops.quarantine` for the staged rows whose standing is quarantined."""
    return staged.where(F.col("_standing") == "quarantined").select(
        F.col("_landing_id").alias("landing_id"),
        F.col("_source_row").alias("line"),
        F.col("_topic").alias("topic"),
        F.col("_partition").alias("partition"),
        F.col("_offset").alias("offset"),
        F.col("source_system").alias("source"),
        F.col("_source_file").alias("file"),
        F.lit(batch_id).alias("batch_id"),
        F.col("_raw").alias("raw_text"),
        F.col("_raw_bytes").alias("raw_bytes"),
        as_array(F.col("_reasons")).alias("reasons"),
        F.lit(fingerprint).alias("rule_fingerprint"),
        "recorded_at",
        F.lit(OPEN).alias("status"),
        F.lit(now).alias("quarantined_at"),
    )
