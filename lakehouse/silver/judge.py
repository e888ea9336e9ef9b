"""What came as judged statements: every row typed, canonical, and with its reasons, in one chain.

In: landings of one source, or messages of a topic. Out: every column of the target's contract but `_batch_id`, and the
columns of `lakehouse.silver.validate`. Guaranteed: one row per record or message, nothing written; batches, replays and
rebuilds go through here.
"""

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze import EVENTS
from lakehouse.bronze.event_rows import event_rows
from lakehouse.bronze.ledger import Landing
from lakehouse.bronze.rows import raw_rows
from lakehouse.ops.plain import files_where
from lakehouse.ops.spans import Spans
from lakehouse.ops.spark import rows_of_files, table_at
from lakehouse.quality.checks import Rules
from lakehouse.quality.names import NONE
from lakehouse.runtime.lake import Lake
from lakehouse.silver.conform import canonical, stated, typed
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
    return _judged(_of_files(spark, rows, landings), rules)


def judged_events(
    spark: SparkSession, lake: Lake, rules: Rules, spans: Spans, without: Sequence[Spans] = ()
) -> DataFrame:
    """The messages in the spans, judged by the rules of their events.

    Args:
        without: but not the messages in these.

    Raises:
        ValueError: the rules are those of files.
    """
    if rules.event is None:
        raise ValueError("the rules know no events")
    found = files_where(lake, EVENTS, spans.may_be_in)
    there = table_at(spark, lake, EVENTS) if found is None else rows_of_files(spark, found)
    messages = there.where(F.col("topic") == F.lit(spans.topic)).where(spans.within("`"))
    for others in without:
        messages = messages.where(~F.expr(others.within("`")))
    return _judged(_of_messages(event_rows(messages, rules.event)), rules)


def _judged(rows: DataFrame, rules: Rules) -> DataFrame:
    judged = (
        rows.transform(typed(rules.source))
        .transform(canonical(rules.source, rules.table))
        .transform(validated(rules))
        .transform(stated(rules.table))
    )
    canonical_names = {column.name for column in rules.table.columns}
    own = [column.name for column in rules.source.columns if column.name not in canonical_names]
    return judged.drop(*own)


def _of_files(spark: SparkSession, rows: DataFrame, landings: Sequence[Landing]) -> DataFrame:
    """Adds when the file said so, and where each row stands in it; a file never deletes, and nothing is noticed."""
    if len(landings) == 1:
        told = rows.withColumns({"recorded_at": F.lit(landings[0].as_of), "_source_file": F.lit(landings[0].path)})
    else:
        files = [(one.landing_id, one.as_of, one.path) for one in landings]
        by_id = spark.createDataFrame(files, "_landing_id string, recorded_at timestamp, _source_file string")
        told = rows.join(F.broadcast(by_id), "_landing_id")
    return told.withColumnRenamed("_line", "_source_row").withColumns(
        {
            "is_deleted": F.lit(False),
            "_noticed": F.lit(NONE),
            "_topic": F.lit(None).cast("string"),
            "_partition": F.lit(None).cast("bigint"),
            "_offset": F.lit(None).cast("bigint"),
        }
    )


def _of_messages(rows: DataFrame) -> DataFrame:
    """Adds that they stand in no file."""
    nothing = F.lit(None)
    return rows.withColumns(
        {
            "_landing_id": nothing.cast("string"),
            "_source_file": nothing.cast("string"),
            "_source_row": nothing.cast("bigint"),
        }
    )
