"""What is particular to a replay: messages judged once more, each with what became of it when it was judged first.

In: rows of a replay with their standing, and the quarantine. Out: their standing as a replay has it; entries of the
quarantine that pass now, marked. Guaranteed: no row is quarantined by a replay; a row that was accepted once and breaks
a rule of today stays in silver, and is told as `regressed`.
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.ops import quarantine
from lakehouse.ops.spans import Spans
from lakehouse.runtime.lake import Lake

PLACE = ["_partition", "_offset"]


def stands_replayed(spark: SparkSession, lake: Lake, spans: Spans, rows: DataFrame) -> DataFrame:
    """The rows, with those `regressed` that break a rule and are not in quarantine."""
    kept_out = quarantine.messages_kept_out(lake, spans.topic)
    there = spark.createDataFrame(kept_out, "_partition bigint, _offset bigint").withColumn("_kept_out", F.lit(True))
    known = rows.join(F.broadcast(there), PLACE, "left")
    regressed = (F.col("_standing") == "quarantined") & F.col("_kept_out").isNull()
    return known.withColumn("_standing", F.when(regressed, "regressed").otherwise(F.col("_standing")))


def store_replayed(lake: Lake, spans: Spans, rows: DataFrame) -> None:
    """Mark the entries of the quarantine whose rows pass now."""
    passed = rows.where(F.col("_kept_out") & (F.col("_standing") != "quarantined")).select(*PLACE).collect()
    quarantine.replayed(lake, spans.topic, [(row[0], row[1]) for row in passed])
