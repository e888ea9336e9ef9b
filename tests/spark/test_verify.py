"""`verify` on a sound lakehouse, and on copies of it in which one thing was broken by hand."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from deltalake import DeltaTable as SmallTable
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from lakehouse.bronze import ledger
from lakehouse.bronze.ledger import LANDING
from lakehouse.care.verify import findings
from lakehouse.ops import accounting
from lakehouse.ops.accounting import PREPARED
from lakehouse.runtime.delta import create_table
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.runtime.local_store import LocalStore
from lakehouse.sample import write_sample
from tests.spark.travels import SALES, lake_at, sales, travel

RAW, LANDINGS, CONSERVED, CLOSED, STORED, MESSAGES, SILVER, ONE_ROW, REBUILT = (
    "raw is kept",
    "landings are complete",
    "rows are conserved",
    "batches and withdrawals are closed",
    "quarantined rows are stored",
    "messages are conserved",
    "silver is what the accounting says",
    "one row a sale line",
    "silver equals silver rebuilt from bronze",
)


BOOKS = (RAW, LANDINGS, CONSERVED, CLOSED, STORED, MESSAGES)


@pytest.fixture(scope="module")
def sound(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two days of the sample in silver, and a file that was rejected."""
    folder = tmp_path_factory.mktemp("files")
    files = [file.path for file in write_sample(folder, rows=200, days=2)]
    (folder / "no_sales.csv").write_text("a,b\n1,2\n")
    lake = lake_at(tmp_path_factory.mktemp("home"), open_lake("local"))
    travel(spark, lake, "superstore", [*files, folder / "no_sales.csv"], datetime(2024, 4, 2, tzinfo=UTC))
    return lake


@pytest.fixture
def broken(sound: Lake, tmp_path: Path) -> Iterator[Lake]:
    """A copy of the sound lakehouse, to break."""
    shutil.copytree(sound.root, tmp_path / "copy")
    yield lake_at(tmp_path / "copy", sound)
    shutil.rmtree(tmp_path / "copy")


def wrong(spark: SparkSession, lake: Lake, *, rebuild: bool = False) -> dict[str, int]:
    """The promises that do not hold, each with the number of examples shown."""
    found = findings(lambda: spark, lake, rebuild=rebuild)
    assert {one.promise for one in found} == {*BOOKS, SILVER, ONE_ROW, *([REBUILT] if rebuild else [])}
    return {one.promise: len(one.examples) for one in found if not one.ok}


def wrong_in_the_books(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The same of what is checked without Spark: silver is left out."""
    monkeypatch.setattr(LocalStore, "table_exists", lambda *_: False)
    found = findings(no_spark, lake, rebuild=True)
    assert {one.promise for one in found} == set(BOOKS)
    return {one.promise: len(one.examples) for one in found if not one.ok}


def no_spark() -> SparkSession:
    raise AssertionError("Spark was started")


def first_object(lake: Lake) -> Path:
    return Path(lake.object(next(one.path for one in ledger.read(lake, status="landed"))))


def object_removed(lake: Lake) -> None:
    first_object(lake).unlink()


def object_cut(lake: Lake) -> None:
    first_object(lake).write_bytes(first_object(lake).read_bytes()[:-1])


def object_changed(lake: Lake) -> None:
    data = first_object(lake).read_bytes()
    first_object(lake).write_bytes(data[:-2] + b"X\n")


def rejected_file_removed(lake: Lake) -> None:
    Path(lake.object(ledger.read(lake, status="rejected")[0].path)).unlink()


def change_ledger(lake: Lake, **changes: object) -> None:
    landing = ledger.read(lake, status="landed")[0]
    row = {**asdict(landing), "landing_id": landing.landing_id, **changes}
    ledger.tables.upsert(lake, ledger.TABLE, [row])


def size_changed_in_the_ledger(lake: Lake) -> None:
    change_ledger(lake, size=1)


def sha_changed_in_the_ledger(lake: Lake) -> None:
    change_ledger(lake, sha256="0" * 64)


def records_changed_in_the_ledger(lake: Lake) -> None:
    change_ledger(lake, records=7)


def landing_left_unfinished(lake: Lake) -> None:
    change_ledger(lake, status=LANDING)


def landing_removed_from_the_ledger(lake: Lake) -> None:
    landing = ledger.read(lake, status="landed")[0]
    SmallTable(lake.location(ledger.TABLE)).delete(f"landing_id = '{landing.landing_id}'")


def batch_left_prepared(lake: Lake) -> None:
    accounting.write(lake, replace(accounting.read(lake)[0], status=PREPARED))


def quarantined_row_removed(lake: Lake) -> None:
    table = SmallTable(lake.location("ops.quarantine"))
    line = min(row["line"] for row in table.to_pyarrow_table(columns=["line"]).to_pylist())
    table.delete(f"line = {line}")


def quarantined_row_doubled(lake: Lake) -> None:
    table = SmallTable(lake.location("ops.quarantine"))
    write_deltalake(table, table.to_pyarrow_table().slice(0, 1), mode="append")


@pytest.mark.parametrize(
    "break_it, promise",
    [
        (object_removed, RAW),
        (object_cut, RAW),
        (object_changed, RAW),
        (rejected_file_removed, RAW),
        (size_changed_in_the_ledger, RAW),
        (sha_changed_in_the_ledger, RAW),
        (records_changed_in_the_ledger, CONSERVED),
        (landing_left_unfinished, LANDINGS),
        (landing_removed_from_the_ledger, CONSERVED),
        (batch_left_prepared, CLOSED),
        (quarantined_row_removed, STORED),
        (quarantined_row_doubled, STORED),
    ],
)
def test_what_is_broken_in_bronze_or_the_books_is_found(
    broken: Lake, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[Lake], None], promise: str
) -> None:
    assert wrong_in_the_books(broken, monkeypatch) == {}
    break_it(broken)
    assert wrong_in_the_books(broken, monkeypatch).get(promise) == 1


def test_a_batch_without_its_accounting_is_found(spark: SparkSession, broken: Lake) -> None:
    batch = max(accounting.read(broken), key=lambda one: one.classes["inserted"])
    SmallTable(broken.location(accounting.TABLE)).delete(f"batch_id = '{batch.batch_id}'")
    assert wrong(spark, broken)[SILVER] == 1


def some_row(lake: Lake, spark: SparkSession) -> str:
    return str(sales(spark, lake).where("NOT is_deleted").agg({"sale_id": "min"}).first()[0])  # type: ignore[index]


def test_a_deleted_row_of_silver_is_found(spark: SparkSession, broken: Lake) -> None:
    DeltaTable.forPath(spark, broken.location(SALES)).delete(f"sale_id = '{some_row(broken, spark)}'")
    assert wrong(spark, broken, rebuild=True) == {SILVER: 1, REBUILT: 1}


def test_a_doubled_row_of_silver_is_found(spark: SparkSession, broken: Lake) -> None:
    row = sales(spark, broken).where(f"sale_id = '{some_row(broken, spark)}'")
    row.write.format("delta").mode("append").save(broken.location(SALES))
    assert wrong(spark, broken) == {SILVER: 1, ONE_ROW: 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"sales": "sales + 0.000001"},
        {"recorded_at": "recorded_at - INTERVAL 1 MICROSECOND"},
    ],
)
def test_a_changed_value_is_found_by_a_rebuild(spark: SparkSession, broken: Lake, changes: dict[str, str]) -> None:
    table = DeltaTable.forPath(spark, broken.location(SALES))
    table.update(f"sale_id = '{some_row(broken, spark)}'", changes)  # type: ignore[arg-type]
    assert wrong(spark, broken, rebuild=True) == {REBUILT: 1}


def test_what_is_gone_is_a_finding_that_hides_no_other(spark: SparkSession, broken: Lake) -> None:
    """Nothing can be built anew from what is not there, nor read; all else is still told."""
    first_object(broken).unlink()
    assert wrong(spark, broken, rebuild=True) == {RAW: 1, REBUILT: 1}
    for part in Path(broken.location(SALES)).glob("*.parquet"):
        part.unlink()
    found = {one.promise: one for one in findings(lambda: spark, broken, rebuild=True)}
    assert set(found) == {*BOOKS, "silver is whole", REBUILT}
    assert {promise for promise, one in found.items() if not one.ok} == {RAW, "silver is whole", REBUILT}
    assert "a file that a table needs is gone" in found["silver is whole"].examples[0]["why"]


def test_a_sound_lakehouse_keeps_every_promise(spark: SparkSession, sound: Lake) -> None:
    assert wrong(spark, sound, rebuild=True) == {}


def test_a_silver_table_that_no_batch_has_reached_yet_is_sound(spark: SparkSession, lake: Lake) -> None:
    """As a kill between the creation of the table and its first MERGE leaves it."""
    create_table(spark, lake, lake.table(SALES))
    assert wrong(spark, lake, rebuild=True) == {}


def test_an_empty_lakehouse_is_sound_and_needs_no_spark(lake: Lake) -> None:
    assert all(one.ok for one in findings(no_spark, lake, rebuild=True))
