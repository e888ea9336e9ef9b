"""Silver after raw files have expired: `verify --rebuild` still proves the rest, and what it cannot know is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.bronze import ledger
from lakehouse.care.expire import expire
from lakehouse.care.verify import findings
from lakehouse.errors import UsageError
from lakehouse.runtime.lake import Lake
from lakehouse.sample import SampleFile, write_sample
from lakehouse.silver import SALES
from lakehouse.silver.withdraw import withdraw
from tests.spark.travels import digest_of, travel

Arrived = tuple[Lake, list[SampleFile]]


@pytest.fixture
def arrived(spark: SparkSession, lake: Lake, tmp_path: Path) -> Arrived:
    """Three files that correct each other, of which the raw file of the first has expired."""
    files = write_sample(tmp_path / "sample", rows=300, days=3)
    travel(spark, lake, "superstore", [files[0].path])
    gone = expire(lake, datetime.now(UTC) + timedelta(hours=1))
    assert [one.file_name for one in gone] == [files[0].path.name]
    travel(spark, lake, "superstore", [file.path for file in files[1:]])
    return lake, files


def wrong(spark: SparkSession, lake: Lake) -> list[str]:
    return [one.promise for one in findings(lambda: spark, lake, rebuild=True) if not one.ok]


def test_silver_is_proved_by_what_is_kept_and_its_own_rows_of_what_is_not(
    spark: SparkSession, arrived: Arrived
) -> None:
    lake, _ = arrived
    found = {one.promise: one for one in findings(lambda: spark, lake, rebuild=True)}
    assert [name for name, one in found.items() if not one.ok] == []
    assert found["silver equals silver rebuilt from bronze"].told.endswith(
        "the rows of 1 expired file(s) are silver's own"
    )


def test_what_kept_files_say_is_still_proved(spark: SparkSession, arrived: Arrived) -> None:
    lake, files = arrived
    corrected = f"_source_file LIKE '%{files[1].path.name}'"
    DeltaTable.forPath(spark, lake.location(SALES)).update(corrected, {"city": "'elsewhere'"})
    assert "silver equals silver rebuilt from bronze" in wrong(spark, lake)


def test_all_files_may_have_expired(spark: SparkSession, arrived: Arrived) -> None:
    lake, _ = arrived
    before = digest_of(spark, lake)
    assert len(expire(lake, datetime.now(UTC) + timedelta(hours=1))) == 2
    assert wrong(spark, lake) == []
    assert digest_of(spark, lake) == before


def test_a_file_is_not_taken_back_where_an_expired_one_may_have_said_more(
    spark: SparkSession, arrived: Arrived
) -> None:
    lake, files = arrived
    before = digest_of(spark, lake)
    (landing,) = [one for one in ledger.read(lake) if one.file_name == files[1].path.name]
    with pytest.raises(
        UsageError, match=r"1 raw file\(s\) as of before it have expired, such as superstore_2024-03-01"
    ):
        withdraw(spark, lake, "superstore", [landing.landing_id])
    assert digest_of(spark, lake) == before
    assert wrong(spark, lake) == []


def test_a_file_that_speaks_of_an_earlier_moment_than_any_expired_one_can_be_taken_back(
    spark: SparkSession, arrived: Arrived
) -> None:
    lake, files = arrived
    early = files[0].as_of - timedelta(days=1)
    travel(spark, lake, "superstore", [files[0].path], early)
    before = digest_of(spark, lake)
    (landing,) = [one for one in ledger.read(lake) if one.as_of == early]
    withdraw(spark, lake, "superstore", [landing.landing_id])
    assert digest_of(spark, lake) == before
    assert wrong(spark, lake) == []
