"""The literal ranges of a batch hold every row of silver that has one of its keys, and let Delta skip the rest."""

import time
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.gold import repoint
from lakehouse.gold.dimensions import dimensions
from lakehouse.ops import tables
from lakehouse.runtime.delta import create_table
from lakehouse.runtime.lake import Lake
from lakehouse.sample import write_sample
from lakehouse.silver import bounds as module
from lakehouse.silver.bounds import MOST_RANGES, bounds_of
from tests.spark.statements import bring, judged, said
from tests.spark.travels import SALES, classes, sales, travel

START = datetime(2011, 10, 29, 22, tzinfo=UTC)
LATER = datetime(2024, 5, 1, tzinfo=UTC)
IDS = ["", " ", "0", "007", "10", "9", "Z", "a", "é", "\uffff", "\U0001f600", *map(str, range(100, 400, 3))]
"""Texts whose order as numbers, in UTF-16 and in UTF-8 differs."""

LIMITS = [1, 50_000]


def held(rows: DataFrame, winners: DataFrame, lake: Lake, source: str) -> int:
    return rows.where(bounds_of(winners, winners.count(), lake.source(source))("")).count()


@pytest.mark.parametrize("few", LIMITS)
def test_the_ranges_of_text_keys_hold_every_key(
    spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(module, "FEW_ROWS", few)
    rows = spark.createDataFrame([("superstore", sale_id) for sale_id in IDS], "source_system string, sale_id string")
    assert held(rows, rows, lake, "superstore") == len(IDS)
    assert held(rows.withColumn("source_system", F.lit("other")), rows, lake, "superstore") == 0


@pytest.mark.parametrize("few", LIMITS)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "America/New_York"])
def test_the_ranges_of_moments_hold_every_key_wherever_the_machine_stands(
    spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch, few: int, zone: str
) -> None:
    """Every half hour around the ends of summer time, when a local clock shows an hour twice."""
    monkeypatch.setattr(module, "FEW_ROWS", few)
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for hours in (2, 4, 8, 24 * 8 + 9):  # batches that begin or end within such an hour, and longer ones
            moments = [START + timedelta(minutes=30 * step) for step in range(hours * 2)]
            told = [("online_retail", "x", moment) for moment in moments]
            rows = spark.createDataFrame(told, "source_system string, sale_id string, ordered_at timestamp")
            assert held(rows, rows, lake, "online_retail") == len(moments)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "America/New_York"])
def test_the_spans_that_left_their_version_hold_every_fact_in_them_wherever_the_machine_stands(
    spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """A version that lost its end within an hour that a local clock shows twice."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        moments = [START + timedelta(minutes=30 * step) for step in range(24)]
        times = pa.struct([("valid_from", pa.timestamp("us", "UTC")), ("valid_to", pa.timestamp("us", "UTC"))])
        customer = dimensions(lake)[0]
        for since, until in combinations(moments, 2):
            was, now = {"valid_from": START, "valid_to": until}, {"valid_from": START, "valid_to": since}
            columns = [pa.array(["customer", "customer"]), pa.array([was, None], times), pa.array([now, now], times)]
            build = Kept(pa.table(columns, names=["entity", "was", "now"]))
            assert list(repoint._ends(build, [customer])) == [(since, until)]  # type: ignore[arg-type]
        rows = spark.createDataFrame([(moment,) for moment in moments], "ordered_at timestamp")
        inside = (F.col("ordered_at") >= F.lit(moments[5])) & (F.col("ordered_at") < F.lit(moments[9]))
        assert rows.where(inside).count() == 4
    finally:
        monkeypatch.undo()
        time.tzset()


class Kept:
    """A build that has staged these rows."""

    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows

    def kept(self, name: str, *columns: str) -> pa.Table:
        assert name == "versions"
        return self.rows.flatten().select(columns)


def test_no_winner_no_range(spark: SparkSession, lake: Lake) -> None:
    none = spark.createDataFrame([], "source_system string, sale_id string, ordered_at timestamp")
    for source in ("superstore", "online_retail"):
        assert held(none, none, lake, source) == 0


def test_a_large_batch_finds_all_its_lines_again(
    spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of more than `FEW_ROWS` winners once only the two end values were looked up, and the rest inserted twice."""
    monkeypatch.setattr(module, "FEW_ROWS", 1)
    file = write_sample(tmp_path / "sample", rows=300, days=1)[0]
    assert classes(travel(spark, lake, "superstore", [file.path])) == {"inserted": 300}
    later = file.as_of + timedelta(days=1)
    assert classes(travel(spark, lake, "superstore", [file.path], later)) == {"refreshed": 300}
    assert sales(spark, lake).count() == 300


@pytest.mark.usefixtures("large")
def test_a_batch_opens_only_the_files_that_can_hold_its_keys(spark: SparkSession, lake: Lake) -> None:
    """Twenty files of clustered keys; a batch of two far apart reads two of them and rewrites none."""
    create_table(spark, lake, lake.table(SALES))
    columns = [c.name for c in lake.table(SALES).columns]
    keys = [f"{number:05d}" for number in range(2_000)]
    rows = judged(spark, lake, [said(key, LATER) for key in keys]).withColumn("_batch_id", F.lit("by hand"))
    clustered = rows.select(*columns).repartitionByRange(20, "sale_id").sortWithinPartitions("sale_id")
    clustered.write.format("delta").mode("append").save(lake.location(SALES))
    files = len(sales(spark, lake).inputFiles())
    assert files >= 19

    later = [said(key, LATER + timedelta(days=1), city="Linz") for key in ("00003", "01990")]
    batch = judged(spark, lake, later)
    pruned = sales(spark, lake).where(bounds_of(batch, 2, lake.source("superstore"))(""))
    assert len(pruned.inputFiles()) == 2

    done = bring(spark, lake, batch, "two far apart")
    assert classes([done]) == {"updated": 2}
    (commit,) = tables.history(lake, SALES, done.silver_version)
    metrics = {name: int(value) for name, value in commit["operationMetrics"].items() if value.isdigit()}
    assert metrics["numTargetRowsUpdated"] == 2
    assert metrics["numTargetRowsCopied"] == 0
    assert metrics["numTargetFilesRemoved"] <= 2
    assert metrics.get("numTargetFilesAfterSkipping", 2) <= 2


def test_many_keys_far_apart_make_no_more_ranges_than_allowed() -> None:
    spans = module.ranges_of(range(0, 100_000, 7))
    assert len(spans) <= MOST_RANGES
    assert spans == sorted(spans)
