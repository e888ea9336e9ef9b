"""The road goes on to the warehouse: what a run built is there, and what a withdrawal took back is there no more."""

from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse import road
from lakehouse.gold.release import GOLD_TABLES
from lakehouse.runtime.lake import Lake
from lakehouse.sample import write_sample
from tests.warehouse.test_publish import holds_the_release


def test_a_run_and_a_withdrawal_end_in_the_warehouse(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    files = [str(one.path) for one in write_sample(tmp_path / "files", rows=200, days=2)]
    first = road.travel("local", "superstore", files[:1])
    assert first.published is not None
    assert first.release is not None
    assert (first.published.release_id, first.published.new) == (first.release.release_id, True)
    holds_the_release(lake)

    second = road.travel("local", "superstore", files)
    assert second.published is not None
    assert second.release is not None
    assert second.published.new
    assert set(second.published.moved) < set(GOLD_TABLES)
    holds_the_release(lake)

    again = road.travel("local", "superstore", [])
    assert again.published is not None
    assert (again.published.new, again.published.moved) == (False, {})

    done = road.take_back("local", "superstore", files[1:], agree=lambda _: None)
    assert done.published is not None
    assert (done.published.sequence, done.published.new) == (3, True)
    holds_the_release(lake)
