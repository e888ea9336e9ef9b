"""However many days a lakehouse in a bucket is old, a daily file makes a bounded number of requests.

It goes up and down, as small files gather and are put together, and so do commits until they are in a checkpoint; so
the most of some days is compared with the most of the days before.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pyspark.sql import SparkSession

from lakehouse.bronze.landing import land
from lakehouse.gold.job import bring_to_gold
from lakehouse.ops.spark import SMALL_ROWS
from lakehouse.runtime.lake import Lake
from lakehouse.sample import SampleFile, write_history, write_increment
from scripts.s3_server import make_bucket, requests_at
from tests.spark.s3.conftest import in_use
from tests.spark.travels import travel

LINES = 2_000
FIRST = 4
"""The first day's number: on the days before it no customer and no product changes."""


def daily_files(folder: Path, days: int, lines: int = LINES) -> Iterator[SampleFile]:
    """What comes in after a history of so many lines."""
    for number in range(FIRST, FIRST + days):
        yield write_increment(folder / f"{number}.csv", of_rows=lines, rows=100, number=number)


def requests_of(address: str, work: Callable[[], object]) -> int:
    """How many requests something makes."""
    before = requests_at(address)
    work()
    return (requests_at(address) - before).total()


def test_landings_make_no_more_requests_the_more_there_are(in_s3: Lake, address: str, tmp_path: Path) -> None:
    source = in_s3.source("superstore")
    asked = [
        requests_of(address, lambda path=file.path, as_of=file.as_of: land(in_s3, source, [path], as_of=as_of))  # type: ignore[misc]
        for file in daily_files(tmp_path, 24)
    ]
    assert max(asked[12:]) <= 1.1 * max(asked[:12])
    assert max(asked) <= 200


def to_gold(spark: SparkSession, lake: Lake, file: SampleFile) -> None:
    travel(spark, lake, "superstore", [file.path], file.as_of)
    bring_to_gold(spark, lake)


def test_a_daily_file_makes_about_as_many_requests_into_a_large_lakehouse_as_into_a_small_one(
    spark: SparkSession, address: str, tmp_path: Path
) -> None:
    """Large: its batches are planned as such, since it has more than SMALL_ROWS lines."""
    asked = []
    for lines in (LINES, SMALL_ROWS + 10_000):
        folder, bucket = tmp_path / f"{lines}", f"lines-{lines}-{uuid4().hex}"
        folder.mkdir()
        make_bucket(address, bucket)
        with in_use(address, bucket, folder / "home", spark) as lake:
            to_gold(spark, lake, write_history(folder / "history.csv", rows=lines))
            (file,) = daily_files(folder, 1, lines)
            asked.append(requests_of(address, lambda lake=lake, file=file: to_gold(spark, lake, file)))  # type: ignore[misc]
    assert asked[1] <= 1.3 * asked[0]
    assert max(asked) <= 1_200


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_daily_files_make_no_more_requests_the_more_there_are(
    spark: SparkSession, in_s3: Lake, address: str, tmp_path: Path
) -> None:
    to_gold(spark, in_s3, write_history(tmp_path / "history.csv", rows=LINES))
    asked = [
        requests_of(address, lambda file=file: to_gold(spark, in_s3, file))  # type: ignore[misc]
        for file in daily_files(tmp_path, 48)
    ]
    assert max(asked[24:]) <= 1.2 * max(asked[:24])
    assert max(asked) <= 1_300
