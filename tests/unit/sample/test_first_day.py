"""Day 1 of the sample: a clean history, as tricky as a real one."""

import csv
import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from lakehouse.sample import SampleFile
from lakehouse.sample.geography import REGIONS, cities
from lakehouse.sample.words import PRIORITIES, SEGMENTS, SHIP_MODES, SUB_CATEGORIES
from tests.unit.sample.rows import Row, rows, tidy


class TestHistory:
    def test_day_1_is_clean_and_of_the_size_asked_for(self, sample: list[SampleFile]) -> None:
        good = rows(sample[0])
        assert len(good) == sample[0].new == sample[0].records == 10_000
        assert [int(row["Row ID"]) for row in good] == list(range(1, 10_001))

    def test_it_spans_three_years_and_never_goes_back(self, sample: list[SampleFile]) -> None:
        dates = [row["Order Date"] for row in rows(sample[0])]
        assert dates == sorted(dates)
        assert (dates[0], dates[-1]) == ("2021-03-01", "2024-02-29")
        assert len(set(dates)) > 1_000

    def test_values_are_within_their_sets(self, sample: list[SampleFile]) -> None:
        pairs = {(category, sub) for category, sub, *_ in SUB_CATEGORIES}
        for row in rows(sample[0]):
            assert row["Ship Mode"] in SHIP_MODES
            assert row["Segment"] in SEGMENTS
            assert row["Order Priority"] in PRIORITIES
            assert (row["Category"], row["Sub-Category"]) in pairs
            assert row["Region"] in REGIONS[row["Market"]]

    def test_text_is_normal_and_every_column_but_postal_code_is_filled(self, sample: list[SampleFile]) -> None:
        for row in rows(sample[0]):
            assert tidy(row) == row
            assert all(value or name == "Postal Code" for name, value in row.items())

    def test_amounts_are_plain_numbers_of_at_most_5_decimals(self, sample: list[SampleFile]) -> None:
        for row in rows(sample[0]) + rows(sample[1]):
            for name in ("Sales", "Profit", "Shipping Cost", "Discount"):
                assert "e" not in row[name].lower()
                assert len(row[name].partition(".")[2]) <= 5

    def test_it_is_as_tricky_as_the_real_thing(self, sample: list[SampleFile]) -> None:
        good = rows(sample[0])
        names = {row["Product Name"] for row in good}
        assert any('"' in name for name in names)
        assert any("," in name for name in names)
        assert sum(not row["City"].isascii() or not row["Customer Name"].isascii() for row in good) > 1_000
        assert any(row["Postal Code"].startswith("0") for row in good)
        assert any(not row["Postal Code"] for row in good)
        assert any(Decimal(row["Profit"]) < 0 < Decimal(row["Sales"]) for row in good)

    def test_a_small_share_are_returns(self, sample: list[SampleFile]) -> None:
        good = rows(sample[0])
        returns = [row for row in good if int(row["Quantity"]) < 0]
        assert 40 < len(returns) < 300
        assert all(Decimal(row["Sales"]) < 0 for row in returns)

    def test_an_order_has_1_to_5_lines_of_one_customer_place_and_day(self, sample: list[SampleFile]) -> None:
        orders: dict[str, list[Row]] = defaultdict(list)
        for row in rows(sample[0]):
            orders[row["Order ID"]].append(row)
        assert set(map(len, orders.values())) == {1, 2, 3, 4, 5}
        shared = ("Order Date", "Ship Date", "Ship Mode", "Customer ID", "City", "Country", "Order Priority")
        assert all(len({tuple(row[name] for name in shared) for row in lines}) == 1 for lines in orders.values())

    def test_places_are_unique(self) -> None:
        known = cities()
        assert len(known) > 200
        assert len({(city.country, city.state, city.name) for city in known}) == len(known)

    def test_no_person_or_product_is_taken_from_the_real_file(self, sample: list[SampleFile]) -> None:
        folder = os.environ.get("RETAIL_REAL_DATA")
        if not folder:
            pytest.skip("RETAIL_REAL_DATA is not set: the folder of the real files")
        with (Path(folder) / "superstore" / "global_superstore_utf8.csv").open(encoding="utf-8", newline="") as file:
            real = list(csv.DictReader(file))
        for name in ("Customer Name", "Product Name", "Order ID"):
            assert not {row[name] for row in real} & {row[name] for row in rows(sample[0])}
