"""A small table is read as the files it consists of; whichever way it is read, it holds what Delta says it does."""

from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.ops import plain
from lakehouse.ops.spark import table_at
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.session import open_session
from lakehouse.sample import write_sample
from lakehouse.silver import SALES
from tests.spark.travels import lake_at, travel


def by_delta(spark: SparkSession, lake: Lake, version: int) -> DataFrame:
    return spark.read.format("delta").option("versionAsOf", version).load(lake.location(SALES))


def corrected_once(spark: SparkSession, lake: Lake, folder: Path) -> None:
    """Two versions of silver: some lines, and all of them again a day later."""
    file = write_sample(folder, rows=300, days=1)[0]
    travel(spark, lake, "superstore", [file.path])
    travel(spark, lake, "superstore", [file.path], file.as_of + timedelta(days=1))


def assert_as_delta_has_it(spark: SparkSession, lake: Lake) -> None:
    for version in (1, 2):
        here, there = table_at(spark, lake, SALES, version), by_delta(spark, lake, version)
        assert here.schema.simpleString() == there.schema.simpleString()
        assert here.count() == there.count() == 300
        assert here.exceptAll(there).count() == 0
    assert table_at(spark, lake, SALES).exceptAll(by_delta(spark, lake, 2)).count() == 0


def test_each_version_of_a_small_table_is_its_files(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    corrected_once(spark, lake, tmp_path / "files")
    for version in (1, 2, None):
        assert plain.plain_files(lake, SALES, version) is not None
    assert_as_delta_has_it(spark, lake)


def test_rows_marked_as_deleted_are_left_to_delta(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    file = write_sample(tmp_path / "files", rows=300, days=1)[0]
    travel(spark, lake, "superstore", [file.path])
    open_session(lake.settings)
    spark.sql(f"DELETE FROM delta.`{lake.location(SALES)}` WHERE quantity = 2")
    open_session(lake.settings, small=True)
    left = by_delta(spark, lake, 2).count()
    assert 0 < left < 300
    assert plain.plain_files(lake, SALES, 1) is not None
    assert plain.plain_files(lake, SALES, 2) is None
    assert table_at(spark, lake, SALES).count() == left


def test_large_and_empty_tables_are_left_to_delta(
    spark: SparkSession, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected_once(spark, lake, tmp_path / "files")
    assert plain.plain_files(lake, SALES, 0) is None
    assert table_at(spark, lake, SALES, 0).count() == 0
    monkeypatch.setattr(plain, "PLAIN_BYTES", 1_000)
    assert plain.plain_files(lake, SALES, 2) is None
    assert_as_delta_has_it(spark, lake)


def test_a_folder_may_have_blanks_and_letters_of_any_kind(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    there = lake_at(tmp_path / "an é & 'it' (1)", lake)
    corrected_once(spark, there, tmp_path / "files")
    assert plain.plain_files(there, SALES, 2) is not None
    assert_as_delta_has_it(spark, there)
