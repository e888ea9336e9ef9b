"""The oracles of silver and gold on the real files: they reproduce the counts and sums that were measured apart.

The files flow in from the folder RETAIL_REAL_DATA, which the repository does not hold; the facts are those
of its FACTS.md.
"""

from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.csv_sources import CsvBatch, read_csv
from tests.oracle.digest import digest
from tests.oracle.gold import digests_of
from tests.oracle.silver import Statement, apply_batch, rows_in, silver_of
from tests.real_files import CP1252, EARLIER, GOLD_DIGESTS, LATER, ONLINE_RETAIL, SILVER_DIGESTS, UTF_8


def read(file: Path, encoding: str, recorded_at: datetime) -> CsvBatch:
    """What a real file says; its folder is named as its source."""
    return read_csv(file.parent.name, file.read_bytes(), encoding, ",", recorded_at)


def statements(batch: CsvBatch) -> list[Statement]:
    """The statements of a file in its order."""
    return [statement for _, statement in batch.statements]


def values(batch: CsvBatch, column: str) -> list[Any]:
    """The values of one business column, a statement each, NULL left out."""
    found = (statement.content.get(column) for _, statement in batch.statements)
    return [value for value in found if value is not None]


@pytest.fixture(scope="module")
def windows_file(real_data: Path) -> CsvBatch:
    return read(real_data / CP1252, "cp1252", EARLIER)


@pytest.fixture(scope="module")
def unicode_file(real_data: Path) -> CsvBatch:
    return read(real_data / UTF_8, "utf-8", LATER)


@pytest.fixture(scope="module")
def online_retail(real_data: Path) -> CsvBatch:
    return read(real_data / ONLINE_RETAIL, "utf-8", EARLIER)


@pytest.mark.parametrize("name", ["windows_file", "unicode_file"])
def test_superstore_has_the_known_totals_and_distinct_values(name: str, request: pytest.FixtureRequest) -> None:
    batch = request.getfixturevalue(name)
    assert (len(batch.statements), batch.quarantined, batch.blank) == (51_290, [], 0)
    assert batch.normalised == {"Product Name": 257}
    totals = {column: sum(values(batch, column)) for column in ("sales", "profit", "quantity")}
    assert round(totals["sales"], 2) == Decimal("12642501.91")
    assert round(totals["profit"], 2) == Decimal("1467457.29")
    assert totals["quantity"] == 178_312
    counts = {"order_id": 25_035, "customer_id": 1_590, "customer_name": 795, "product_id": 10_292}
    assert {column: len(set(values(batch, column))) for column in counts} == counts
    assert len(values(batch, "postal_code")) == 51_290 - 41_296
    assert sum(profit < 0 for profit in values(batch, "profit")) == 12_544
    days = values(batch, "order_date")
    assert (str(min(days)), str(max(days))) == ("2011-01-01", "2014-12-31")


def test_superstore_keeps_the_repeated_pairs_of_order_and_product(windows_file: CsvBatch) -> None:
    pairs = Counter((row.content["order_id"], row.content["product_id"]) for row in statements(windows_file))
    assert sum(count > 1 for count in pairs.values()) == 38
    state, counts = apply_batch({}, statements(windows_file))
    assert counts == {"inserted": 51_290}
    assert len(state) == 51_290


def test_the_later_superstore_file_inserts_nothing(windows_file: CsvBatch, unicode_file: CsvBatch) -> None:
    before, _ = apply_batch({}, statements(windows_file))
    after, counts = apply_batch(before, statements(unicode_file))
    assert set(counts) == {"updated", "refreshed"}
    assert rows_in(counts) == 51_290
    assert counts["updated"] >= 9_248  # the rows whose shipping cost differs, and a few more
    assert {row.recorded_at for row in after.values()} == {LATER}
    late_first, counts = apply_batch(after, statements(windows_file))
    assert counts == {"stale": 51_290}
    assert late_first == after


@pytest.mark.parametrize(
    "name, file", [("windows_file", CP1252), ("unicode_file", UTF_8), ("online_retail", ONLINE_RETAIL)]
)
def test_silver_and_gold_of_a_file_have_the_known_digests(name: str, file: str, request: pytest.FixtureRequest) -> None:
    state = silver_of(statements(request.getfixturevalue(name)))
    assert digest(state) == SILVER_DIGESTS[file]
    assert digests_of(state) == GOLD_DIGESTS[file]


def test_online_retail_closes_to_the_row(online_retail: CsvBatch) -> None:
    state, counts = apply_batch({}, statements(online_retail))
    counts["quarantined"] += len(online_retail.quarantined)
    counts["blank"] += online_retail.blank
    assert +counts == {"inserted": 536_639, "duplicate": 5_268, "quarantined": 2}
    assert rows_in(counts) == 541_909
    assert len(state) == 536_639


def test_online_retail_quarantines_the_negative_prices_and_nothing_else(online_retail: CsvBatch) -> None:
    found = [(raw.split(",")[0], raw.split(",")[5], reasons) for _, raw, reasons in online_retail.quarantined]
    reasons = ["sales_negative", "unit_price_negative"]
    assert found == [("A563186", "-11062.06", reasons), ("A563187", "-11062.06", reasons)]
    # The known total is over all rows of the file, duplicates and the two quarantined included.
    total = sum(values(online_retail, "sales"), 2 * Decimal("-11062.06"))
    assert round(total, 2) == Decimal("9747747.93")


def test_online_retail_has_the_known_values(online_retail: CsvBatch) -> None:
    invoices = values(online_retail, "order_id")
    assert len(set(invoices)) == 25_900 - 2
    assert sum(invoice.startswith("C") for invoice in invoices) == 9_288
    counts = {"product_id": 4_070, "customer_id": 4_372, "country": 38, "order_date": 305}
    assert {column: len(set(values(online_retail, column))) for column in counts} == counts
    assert len(values(online_retail, "customer_id")) == 541_909 - 135_080
    assert sum(values(online_retail, "is_return")) == 10_624
    assert sum(price == 0 for price in values(online_retail, "unit_price")) == 2_515
    moments = values(online_retail, "ordered_at")
    assert (f"{min(moments):%F %R}", f"{max(moments):%F %R}") == ("2010-12-01 08:26", "2011-12-09 12:50")
    assert online_retail.normalised.keys() == {"Description"}
    assert online_retail.normalised["Description"] >= 113_452
