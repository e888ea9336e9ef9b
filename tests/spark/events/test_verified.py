"""`verify` on silver that messages went into: it holds where it should, and tells what is missing from the books."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze import EVENTS, ledger
from lakehouse.bronze.messages import rest_of
from lakehouse.care.verify import findings
from lakehouse.ops import accounting, tables
from lakehouse.runtime.lake import Lake
from lakehouse.silver.withdraw import withdraw
from tests.oracle.csv_sources import SUPERSTORE
from tests.spark.events.putting import event, not_ok, processed, put
from tests.spark.travels import sales, standings, travel

DAY = datetime(2024, 6, 3, 6, tzinfo=UTC)


def file_about(folder: Path, row_id: str) -> Path:
    path = folder / "lines.csv"
    told = {"Row ID": row_id, "Order ID": "O-1", "Order Date": "2024-01-01", "Customer ID": "C-1", "City": "Linz"}
    told |= {"State": "Styria", "Country": "Austria", "Product ID": "P-1", "Sales": "2.50", "Quantity": "1"}
    path.write_text(f"{SUPERSTORE}\n{','.join(told.get(name, '') for name in SUPERSTORE.split(','))}\n")
    return path


def test_a_withdrawal_that_restores_a_tombstone_is_what_the_books_say(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    put(lake, {(0, 0): event("7", DAY, "delete"), (0, 1): event("8", DAY), (1, 5): b"x"}, DAY)
    assert processed(spark, lake).rows == 3
    (done,) = travel(spark, lake, "superstore", [file_about(tmp_path, "7")], DAY + timedelta(days=1))
    assert done.classes["revived"] == 1, done
    assert not standings(sales(spark, lake))["superstore", "7"].is_deleted
    (landing,) = ledger.read(lake)
    withdraw(spark, lake, "superstore", [landing.landing_id])
    assert standings(sales(spark, lake))["superstore", "7"].is_deleted
    assert not_ok(findings(lambda: spark, lake, rebuild=True)) == []


def test_a_first_batch_that_is_not_in_the_books_is_found(spark: SparkSession, lake: Lake) -> None:
    put(lake, {(0, 0): b"x"}, DAY)
    processed(spark, lake)
    put(lake, {(0, 1): event("8", DAY), (0, 4): b"y"}, DAY)
    processed(spark, lake)
    assert not_ok(findings(lambda: spark, lake, rebuild=False)) == []
    with tables._committing(lake, accounting.TABLE) as there:
        there.delete("offsets = '0:0-0'")
    assert "messages are conserved" in not_ok(findings(lambda: spark, lake, rebuild=False))


def test_moments_at_the_edge_of_time_neither_stop_the_stream_nor_change(spark: SparkSession, lake: Lake) -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    put(lake, {(0, 0): event("7", first, "delete"), (0, 1): event("8", first), (0, 2): event("9", last)}, DAY)
    put(lake, {(0, 3): event("10", DAY), (0, 4): b"x"}, last)
    assert processed(spark, lake).rows == 5
    kept = {row["offset"]: row["recorded_at"] for row in tables.read(lake, "ops.quarantine", ["offset", "recorded_at"])}
    assert kept == {1: first, 2: last, 4: last}
    found = standings(sales(spark, lake))
    assert {key[1]: row.recorded_at for key, row in found.items()} == {"7": first, "10": DAY}
    assert not_ok(findings(lambda: spark, lake, rebuild=True)) == []


def test_a_time_that_python_does_not_have_does_not_stop_the_stream(spark: SparkSession, lake: Lake) -> None:
    """Microseconds where Kafka has milliseconds: the year 57,000, in messages and in what the log tells of files."""
    put(lake, {(0, 0): event("7", DAY)}, DAY)
    where = lake.location(EVENTS)
    there = spark.read.format("delta").load(where)
    far = there.withColumns(
        {"offset": F.lit(1).cast("long"), "timestamp": F.timestamp_micros(F.lit(int(DAY.timestamp()) * 10**9))}
    )
    far.write.format("delta").mode("append").save(where)
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, where).checkpoint()  # type: ignore
    assert processed(spark, lake).rows == 2
    put(lake, {(0, 2): event("8", DAY)}, DAY)
    assert processed(spark, lake).rows == 1
    assert {key[1] for key in standings(sales(spark, lake))} == {"7", "8"}
    (rest,) = rest_of(lake, "sales", {0: 1})
    assert (rest.first, rest.last, rest.since) == (1, 2, DAY)
