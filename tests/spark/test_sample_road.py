"""The sample through the road: each file's accounting is its promise, and the order of landing does not matter."""

import pytest
from pyspark.sql import SparkSession

from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake
from lakehouse.sample import SampleFile, write_sample
from tests.oracle.csv_sources import COLUMNS, CsvBatch, read_csv
from tests.oracle.digest import digest
from tests.oracle.silver import State, silver_of
from tests.spark.travels import SALES, classes, digest_of, expected, one, sales, standings, travel

ORDERS = [(1, 3, 0, 2), *(pytest.param(order, marks=pytest.mark.soak) for order in [(3, 2, 1, 0), (2, 0, 3, 1)])]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[SampleFile]:
    return write_sample(tmp_path_factory.mktemp("sample"), rows=300, days=4)


def read(file: SampleFile) -> CsvBatch:
    return read_csv("superstore", file.path.read_bytes(), "utf-8", ",", file.as_of)


def oracle_silver(files: list[SampleFile]) -> State:
    return silver_of(statement for file in files for _, statement in read(file).statements)


def promised(file: SampleFile) -> dict[str, int]:
    told = {
        "inserted": file.new,
        "updated": file.corrections,
        "refreshed": file.redelivered,
        "duplicate": file.duplicates,
        "stale": file.stale,
        "quarantined": sum(file.bad.values()),
        "blank": file.blank,
    }
    return {name: count for name, count in told.items() if count}


def test_each_file_of_the_sample_is_accounted_for_as_it_promises(
    spark: SparkSession, lake: Lake, sample: list[SampleFile]
) -> None:
    for file in sample:
        batch = one(travel(spark, lake, "superstore", [file.path]))
        assert classes([batch]) == promised(file)
        assert batch.rows_in == file.records
        untidy = read(file).normalised
        assert batch.normalised == {COLUMNS["superstore"][header]: count for header, count in untidy.items()}
        assert bool(untidy) == bool(file.untidy)
    state = oracle_silver(sample)
    assert standings(sales(spark, lake)) == expected(state)
    assert digest_of(spark, lake) == digest(state)


@pytest.mark.parametrize("order", ORDERS)
def test_files_with_corrections_come_to_the_same_in_any_order(
    spark: SparkSession, lake: Lake, sample: list[SampleFile], order: tuple[int, ...]
) -> None:
    for place in order:
        batch = one(travel(spark, lake, "superstore", [sample[place].path]))
        assert batch.rows_in == sample[place].records
        assert batch.classes["quarantined"] == sum(sample[place].bad.values())
    state = oracle_silver(sample)
    assert standings(sales(spark, lake)) == expected(state)
    assert digest_of(spark, lake) == digest(state)


def test_a_file_twice_is_a_no_op(spark: SparkSession, lake: Lake, sample: list[SampleFile]) -> None:
    path = sample[-1].path
    assert len(travel(spark, lake, "superstore", [path, path])) == 1  # twice in a call
    before, version = standings(sales(spark, lake)), tables.version(lake, SALES)
    assert travel(spark, lake, "superstore", [path]) == []  # and once more in another
    assert standings(sales(spark, lake)) == before
    assert tables.version(lake, SALES) == version
