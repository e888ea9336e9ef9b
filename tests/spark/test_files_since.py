"""The files that a table has got since a version hold every row that came since, and are told from its log alone."""

from pathlib import Path

import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze import EVENTS
from lakehouse.ops import plain, tables
from lakehouse.ops.spans import Spans
from lakehouse.ops.spark import rows_of_files
from lakehouse.runtime.lake import Lake
from lakehouse.sample import write_sample
from lakehouse.silver import SALES
from tests.spark.events.landing import TOPIC, Topic, messages
from tests.spark.travels import travel

pytestmark = pytest.mark.usefixtures("large")


def version(lake: Lake) -> int:
    found = tables.version(lake, SALES)
    assert found is not None
    return found


def came(spark: SparkSession, lake: Lake, old: int) -> int:
    """How many rows are those of batches after a version: as many in the files as in all of the table."""
    found = plain.files_since(lake, SALES, old, version(lake))
    assert found is not None
    before = {row["_batch_id"] for row in by_delta(spark, lake, old).select("_batch_id").distinct().collect()}
    now = by_delta(spark, lake, version(lake)).where(~by_batches(before))
    there = spark.read.schema(now.schema).parquet(*found.files).where(~by_batches(before))
    assert there.exceptAll(now).count() == now.exceptAll(there).count() == 0
    return there.count()


def by_delta(spark: SparkSession, lake: Lake, version: int) -> DataFrame:
    return spark.read.format("delta").option("versionAsOf", version).load(lake.location(SALES))


def by_batches(ids: set[str]) -> Column:
    return F.col("_batch_id").isin(sorted(ids))


def test_rows_that_came_are_in_the_files_that_came(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    first, second, third = write_sample(tmp_path / "files", rows=600, days=3)
    travel(spark, lake, "superstore", [first.path], as_of=first.as_of)
    begin = version(lake)
    travel(spark, lake, "superstore", [second.path], as_of=second.as_of)
    middle = version(lake)
    assert came(spark, lake, begin) >= second.new
    travel(spark, lake, "superstore", [third.path], as_of=third.as_of)
    assert came(spark, lake, middle) >= third.new
    spark.sql(f"DELETE FROM delta.`{lake.location(SALES)}` WHERE quantity = 2")
    assert plain.files_since(lake, SALES, begin, version(lake)) is None, "rows of them are marked as deleted"
    assert plain.files_where(lake, SALES, lambda file: True) is None
    spark.sql(f"REORG TABLE delta.`{lake.location(SALES)}` APPLY (PURGE)")
    assert came(spark, lake, begin) > second.new + third.new


def test_a_small_table_and_one_that_got_nothing_have_none(
    spark: SparkSession, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = write_sample(tmp_path / "files", rows=300, days=1)
    travel(spark, lake, "superstore", [file.path])
    assert plain.files_since(lake, SALES, version(lake), version(lake)) is None
    assert plain.files_since(lake, SALES, version(lake) - 1, version(lake)) is not None
    monkeypatch.setattr(plain, "PLAIN_BYTES", 10**9)
    assert plain.files_since(lake, SALES, version(lake) - 1, version(lake)) is None


def test_messages_are_found_in_the_files_that_may_hold_them(spark: SparkSession, lake: Lake) -> None:
    topic = Topic(lake=lake)
    for number in range(4):
        topic.land(spark, messages(lake, 100, seed=number, rows=300))
    every = spark.read.format("delta").load(lake.location(EVENTS)).drop("landing_day")
    last = max(offset for partition, offset, _ in topic.landed if partition == 1)
    spans = Spans(topic=TOPIC, ranges={1: (last - 3, last)})
    found = plain.files_where(lake, EVENTS, spans.may_be_in)
    assert found is not None
    assert len(found.files) == 1
    there = rows_of_files(spark, found).drop("landing_day").where(spans.within("`"))
    wanted = every.where(spans.within("`"))
    assert there.count() > 1
    assert there.exceptAll(wanted).count() == wanted.exceptAll(there).count() == 0

    assert plain.files_where(lake, EVENTS, lambda file: False) is None
