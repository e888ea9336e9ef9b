"""Days of landed events: one begins, the one before is compacted and may expire, and nothing lands a second time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from lakehouse.ops import tables
from lakehouse.ops.opening import opened
from lakehouse.runtime.lake import Lake
from lakehouse.streams.bronze import EVENTS, compaction, job, sink
from lakehouse.streams.bronze.positions import positions_of
from tests.spark.streams.following import following
from tests.spark.streams.landed import all_landed, landed
from tests.unit.calls import Command

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("spark")]


def clock(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """Have the job believe that it is so many days later."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) + timedelta(days=days)

    for module in (job, sink):
        monkeypatch.setattr(module, "datetime", Shifted)


def files_by_day(lake: Lake) -> dict[str, int]:
    added = pa.table(opened(lake, EVENTS).get_add_actions(flatten=True))
    days = [str(day) for day in added["partition.landing_day"].to_pylist()]
    return {day: days.count(day) for day in sorted(set(days))}


def test_a_day_begins_while_a_topic_is_followed(
    spark: SparkSession, lake: Lake, served: Path, topic: str, oracle: Path, lakehouse: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made = ("produce", "--partitions", 2, "--oracle", oracle, "--events")
    clock(monkeypatch, -2)
    assert lakehouse(*made, 1_000).code == 0
    with following(spark, lake, topic, most=300) as follower:
        follower.until(lambda now: now.landed_now() == 1_000)
        (first,) = files_by_day(lake)
        assert files_by_day(lake)[first] > 2
        clock(monkeypatch, -1)
        assert lakehouse(*made, 1_000, "--seed", 8).code == 0
        follower.until(lambda now: now.landed_now() == 2_000)
    assert follower.failed is None
    before, second = files_by_day(lake), positions_of(lake, topic).since
    assert (before[first], sorted(before)) == (1, [first, str(second)])
    assert all_landed(lake, served, topic, oracle) == 2_000
    clock(monkeypatch, -5)  # the clock is set back
    assert lakehouse(*made, 500, "--seed", 9).code == 0
    assert lakehouse("stream", "bronze", "--once").code == 0
    assert sorted(files_by_day(lake)) == [first, str(second)]
    clock(monkeypatch, 0)
    assert lakehouse("stream", "bronze", "--once").code == 0
    assert set(files_by_day(lake).values()) == {1}
    assert all_landed(lake, served, topic, oracle) == 2_500
    assert "0 day(s), 0 event(s) may go" in lakehouse("stream", "expire", "--older-than", "0d").out  # not in silver yet
    assert lakehouse("stream", "silver", "--once").code == 0
    assert "expired 2 day(s), 2 500 event(s)" in lakehouse("stream", "expire", "--older-than", "0d", "--delete").out
    assert landed(lake, topic) == {}
    assert "0 event(s) landed" in lakehouse("stream", "bronze", "--once").out


def test_a_day_with_many_small_files_is_compacted_while_it_is_landed_on(
    spark: SparkSession, lake: Lake, served: Path, topic: str, oracle: Path, lakehouse: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(sink, "COMMITS_A_COMPACTION", 4)
    monkeypatch.setattr(compaction, "MOST_TODAY", 6)
    assert lakehouse("produce", "--partitions", 2, "--events", 1_000, "--oracle", oracle).code == 0
    assert lakehouse("stream", "bronze", "--once", "--most", 100).code == 0
    assert sum(files_by_day(lake).values()) < 14
    assert all_landed(lake, served, topic, oracle) == 1_000
    assert {one["operation"] for one in tables.history(lake, EVENTS, 0)} == {"WRITE", "OPTIMIZE"}
