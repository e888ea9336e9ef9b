"""Landed files as judged statements: every record typed, canonical, and with its reasons, in one chain.

In: landings of one source. Out: every column of the target's contract but `_batch_id`, and the columns of
`lakehouse.silver.validate`. Guaranteed: one row per record, nothing written; batches and rebuilds go through here.
"""

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.ledger import Landing
from lakehouse.bronze.rows import raw_rows
from lakehouse.quality.checks import Rules
from lakehouse.runtime.lake import Lake
from lakehouse.silver.conform import canonical, typed
from lakehouse.silver.validate import validated


def judged_rows(
    spark: SparkSession, lake: Lake, rules: Rules, landings: Sequence[Landing], partitions: int | None = None
) -> DataFrame:
    """The records of the landings, judged by the rules.

    Args:
        partitions: spread the rows over so many tasks after reading; else a file stays a task.
    """
    rows = raw_rows(spark, rules.source, [landing.file(lake) for landing in landings])
    if partitions is not None:
        rows = rows.repartition(partitions, "_line")  # by value: without one Spark would sort the rows first
    judged = (
        rows.transform(typed(rules.source))
        .transform(lambda read: _with_provenance(spark, read, landings))
        .transform(canonical(rules.source, rules.table))
        .transform(validated(rules))
    )
    canonical_names = {column.name for column in rules.table.columns}
    own = [column.name for column in rules.source.columns if column.name not in canonical_names]
    return judged.drop(*own)


def _with_provenance(spark: SparkSession, rows: DataFrame, landings: Sequence[Landing]) -> DataFrame:
    """Adds when the file said so, and where each row stands in it; a file never deletes."""
    if len(landings) == 1:
        told = rows.withColumns({"recorded_at": F.lit(landings[0].as_of), "_source_file": F.lit(landings[0].path)})
    else:
        files = [(one.landing_id, one.as_of, one.path) for one in landings]
        by_id = spark.createDataFrame(files, "_landing_id string, recorded_at timestamp, _source_file string")
        told = rows.join(F.broadcast(by_id), "_landing_id")
    return told.withColumnRenamed("_line", "_source_row").withColumns(
        {
            "is_deleted": F.lit(False),
            "_topic": F.lit(None).cast("string"),
            "_partition": F.lit(None).cast("bigint"),
            "_offset": F.lit(None).cast("bigint"),
        }
    )
