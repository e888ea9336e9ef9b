"""The real files through gold: in one go, corrected by a later file, and in pieces, always the oracle's digests."""

import csv
from collections import defaultdict
from pathlib import Path
from random import Random

import pytest
from pyspark.sql import SparkSession

from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.release import Release
from lakehouse.gold.verify import gold_findings
from lakehouse.ops.accounting import Accounting
from lakehouse.publish.job import publish
from lakehouse.publish.question import asked
from lakehouse.runtime.lake import Lake
from tests.csv_parts import split_records
from tests.raw_totals import Totals, of_online_retail, of_superstore
from tests.real_files import CP1252, EARLIER, GOLD_DIGESTS, LATER, ONLINE_RETAIL, SILVER_DIGESTS, UTF_8
from tests.spark.gold_data import counted_digests
from tests.spark.travels import digest_of, folder_of, travel

pytestmark = pytest.mark.usefixtures("large")


def shuffled_pieces(file: Path, count: int, folder: Path) -> list[Path]:
    """The rows of a file, dealt at random to so many files: each piece has sales from all times."""
    header, *rows = split_records(file.read_bytes())
    Random(count).shuffle(rows)
    pieces = {f"piece_{n}.csv": "".join([header, *rows[n::count]]).encode() for n in range(count)}
    return folder_of(folder, pieces)


def shuffled_days(file: Path, folder: Path) -> list[Path]:
    """The rows of Online Retail, a file each day, the days in no order."""
    days: dict[str, list[str]] = defaultdict(list)
    header, *rows = split_records(file.read_bytes())
    for row in rows:
        days[next(csv.reader([row]))[4].partition(" ")[0]].append(row)
    files = folder_of(
        folder, {f"day_{n}.csv": "".join([header, *told]).encode() for n, told in enumerate(days.values())}
    )
    return Random(305).sample(files, len(files))


def in_steps(spark: SparkSession, lake: Lake, source: str, files: list[Path], every: int, *, verify: bool) -> Release:
    """Each file to silver in a run of its own, gold after every so many: the first from nothing, the others steps."""
    for start in range(0, len(files), every):
        for file in files[start : start + every]:
            travel(spark, lake, source, [file], EARLIER)
        release = bring_to_gold(spark, lake)
        assert release is not None
        assert release.kind == ("step" if start else "full")
        if verify:
            assert [one for one in gold_findings(spark, lake, rebuild=True) if not one.ok] == []
    return release


def in_the_warehouse(lake: Lake) -> Totals:
    """Publish gold; then what the warehouse says that there was sold."""
    publish(lake)
    sql = (
        "SELECT count(*), count_if(customer_sk = -1), sum(sales), sum(quantity), sum(profit) "
        "FROM fact_sales JOIN dim_customer USING (customer_sk) JOIN dim_product USING (product_sk) "
        "JOIN dim_store USING (store_sk) JOIN dim_date ON date_sk = order_date_sk"
    )
    with asked(lake.settings, sql, say=lambda _: None) as answer:
        ((rows, guests, sales, quantity, profit),) = next(answer.batches)
    return Totals(rows=rows, guests=guests, sales=sales, quantity=int(quantity), profit=profit)


def test_superstore_in_one_go_and_corrected_is_the_oracles_gold_and_the_raw_files_sums(
    spark: SparkSession, lake: Lake, real_data: Path
) -> None:
    travel(spark, lake, "superstore", [real_data / CP1252], EARLIER)
    first = bring_to_gold(spark, lake)
    assert first is not None
    assert first.digests == GOLD_DIGESTS[CP1252]
    travel(spark, lake, "superstore", [real_data / UTF_8], LATER)
    second = bring_to_gold(spark, lake)
    assert second is not None
    assert second.kind == "step"
    assert second.digests == counted_digests(spark, lake, second) == GOLD_DIGESTS[UTF_8]
    assert in_the_warehouse(lake) == of_superstore(real_data / UTF_8)


def test_online_retail_in_one_go_is_the_oracles_gold_and_the_raw_files_sums(
    spark: SparkSession, online_retail: tuple[Lake, list[Accounting]], real_data: Path
) -> None:
    lake, _ = online_retail
    release = bring_to_gold(spark, lake)
    assert release is not None
    assert release.digests == counted_digests(spark, lake, release) == GOLD_DIGESTS[ONLINE_RETAIL]
    assert in_the_warehouse(lake) == of_online_retail(real_data / ONLINE_RETAIL)


@pytest.mark.soak
def test_superstore_in_a_dozen_shuffled_pieces_is_the_same_gold(
    spark: SparkSession, lake: Lake, real_data: Path, tmp_path: Path
) -> None:
    files = shuffled_pieces(real_data / UTF_8, 12, tmp_path / "pieces")
    release = in_steps(spark, lake, "superstore", files, 4, verify=False)
    assert release.digests == counted_digests(spark, lake, release) == GOLD_DIGESTS[UTF_8]


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("source, file", [("superstore", UTF_8), ("online_retail", ONLINE_RETAIL)])
def test_a_dozen_shuffled_pieces_with_a_step_each_are_the_same_gold(
    spark: SparkSession, lake: Lake, real_data: Path, tmp_path: Path, source: str, file: str
) -> None:
    files = shuffled_pieces(real_data / file, 12, tmp_path / "pieces")
    release = in_steps(spark, lake, source, files, 1, verify=True)
    assert digest_of(spark, lake) == SILVER_DIGESTS[file]
    assert release.digests == GOLD_DIGESTS[file]


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_online_retail_day_by_day_in_any_order_is_the_same_gold(
    spark: SparkSession, lake: Lake, real_data: Path, tmp_path: Path
) -> None:
    files = shuffled_days(real_data / ONLINE_RETAIL, tmp_path / "days")
    assert len(files) == 305
    release = in_steps(spark, lake, "online_retail", files, 25, verify=False)
    assert digest_of(spark, lake) == SILVER_DIGESTS[ONLINE_RETAIL]
    assert release.digests == counted_digests(spark, lake, release) == GOLD_DIGESTS[ONLINE_RETAIL]
