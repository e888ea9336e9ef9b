"""The real files through landing and silver: exact to the row, to the cent, and to the digest of the oracle."""

import csv
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze import ledger
from lakehouse.ops import tables
from lakehouse.ops.accounting import Accounting
from lakehouse.runtime.lake import Lake
from tests.real_files import CP1252, EARLIER, LATER, ONLINE_RETAIL, SILVER_DIGESTS, UTF_8
from tests.spark.travels import classes, digest_of, lake_at, moment, one, sales, standings, travel

pytestmark = pytest.mark.usefixtures("large")

TOTALS = {"sales": "Sales", "profit": "Profit", "quantity": "Quantity"}
NAMES = {"customer_name": "Customer Name", "city": "City", "state": "State", "product_name": "Product Name"}


def total(rows: DataFrame) -> dict[str, Decimal]:
    found = rows.agg(*(F.sum(name).alias(name) for name in TOTALS)).first()
    assert found is not None
    return {name: Decimal(found[name]) for name in TOTALS}


def names(rows: DataFrame) -> dict[str, tuple[str, ...]]:
    """Row id → its names, where one of them is not ASCII."""
    foreign = F.concat_ws("", *NAMES).rlike(r"[^\x00-\x7f]")
    return {row[0]: tuple(row)[1:] for row in rows.where(foreign).select("row_id", *NAMES).collect()}


def test_superstore_comes_in_exactly_and_a_later_file_only_corrects_it(
    spark: SparkSession, lake: Lake, real_data: Path
) -> None:
    first = one(travel(spark, lake, "superstore", [real_data / CP1252], EARLIER))
    assert classes([first]) == {"inserted": 51_290}
    assert first.normalised == {"product_name": 257}
    landing = one(ledger.read(lake))
    assert (landing.encoding, landing.records) == ("cp1252", 51_290)
    rows = sales(spark, lake)
    with (real_data / CP1252).open(encoding="cp1252", newline="") as file:
        told = list(csv.DictReader(file))
    assert total(rows) == {name: sum(Decimal(row[header]) for row in told) for name, header in TOTALS.items()}
    tidy = {row["Row ID"]: tuple(" ".join(row[header].split()) for header in NAMES.values()) for row in told}
    foreign = {row_id: row for row_id, row in tidy.items() if not "".join(row).isascii()}
    assert len(foreign) > 5_000
    assert names(rows) == foreign
    assert rows.groupBy("order_id", "product_id").count().where("count > 1").count() == 38
    assert digest_of(spark, lake) == SILVER_DIGESTS[CP1252]

    second = one(travel(spark, lake, "superstore", [real_data / UTF_8], LATER))
    assert set(classes([second])) == {"updated", "refreshed"}
    assert second.classes["updated"] + second.classes["refreshed"] == 51_290
    assert second.classes["updated"] >= 9_248
    assert digest_of(spark, lake) == SILVER_DIGESTS[UTF_8]
    assert {moment(row[0]) for row in sales(spark, lake).select(F.unix_micros("recorded_at")).distinct().collect()} == {
        LATER
    }
    assert travel(spark, lake, "superstore", [real_data / UTF_8], LATER) == []


def test_online_retail_comes_in_exactly(spark: SparkSession, online_retail: tuple[Lake, list[Accounting]]) -> None:
    lake, batches = online_retail
    batch = one(batches)
    assert batch.rows_in == 541_909
    assert classes([batch]) == {"inserted": 536_639, "duplicate": 5_268, "quarantined": 2}
    assert set(batch.normalised) == {"description"}
    kept = tables.read(lake, "ops.quarantine")
    assert [row["raw_text"].split(",")[0] for row in kept] == ["A563186", "A563187"]
    assert all("unit_price_not_negative" in row["reasons"] for row in kept)
    rows = sales(spark, lake)
    odd = rows.where("is_return <> (quantity < 0) OR sales <> quantity * unit_price OR (is_return AND sales > 0)")
    assert odd.isEmpty()
    assert rows.where("is_return AND order_id LIKE 'C%'").count() > 9_000
    assert digest_of(spark, lake) == SILVER_DIGESTS[ONLINE_RETAIL]


def days_of(file: Path, count: int) -> Iterator[bytes]:
    """The first days of Online Retail, each a file; from the second on it also repeats 50 lines of the day before."""
    by_day: dict[str, list[bytes]] = defaultdict(list)
    with file.open("rb") as lines:
        header = next(lines)
        for line in lines:
            row = next(csv.reader([line.decode()]))
            day = row[4].partition(" ")[0]
            if day not in by_day and len(by_day) == count:
                break
            by_day[day].append(line)
    before: list[bytes] = []
    for told in by_day.values():
        yield b"".join([header, *before, *told])
        before = told[:50]


def test_half_a_dozen_days_come_to_the_same_one_by_one_shuffled_and_all_at_once(
    spark: SparkSession, lake: Lake, real_data: Path, tmp_path: Path
) -> None:
    files = []
    for number, data in enumerate(days_of(real_data / ONLINE_RETAIL, 6)):
        files.append(tmp_path / f"day_{number}.csv")
        files[-1].write_bytes(data)
        extracted = (EARLIER + timedelta(days=number)).timestamp()
        os.utime(files[-1], (extracted, extracted))
    assert len(files) == 6
    shuffled = Random(6).sample(files, len(files))
    one_by_one = [one(travel(spark, lake, "online_retail", [file])) for file in shuffled]
    at_once = lake_at(tmp_path / "at once", lake)
    together = travel(spark, at_once, "online_retail", files)
    assert len(together) == 6
    assert sum(b.rows_in for b in one_by_one) == sum(b.rows_in for b in together) > 12_000
    assert classes(one_by_one)["stale"] > 0  # a day after the one that repeats its lines
    assert classes(together)["refreshed"] > 200
    assert digest_of(spark, lake) == digest_of(spark, at_once)
    assert standings(sales(spark, lake)) == standings(sales(spark, at_once))
