"""What the gold oracle spares itself makes no difference, and what it says of keys and days can be read off."""

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.calendar import calendar_rows, key_of, row_of
from tests.oracle.dimensions import CUSTOMER, PRODUCT, STORE, Said, natural_key, versions_of, without_repeats
from tests.oracle.dimensions import row_of as version_row
from tests.oracle.gold import FACT, digests_of, tables_of
from tests.oracle.history import Observation, split, versions_of_one_key
from tests.oracle.history_strategies import BATCHES, PROFILES, states
from tests.oracle.silver import Statement

SOLD = datetime(2024, 3, 1, 8, 26, tzinfo=UTC)


@settings(max_examples=1000, deadline=None, database=None)
@given(st.sampled_from(PROFILES), BATCHES)
def test_repeats_left_out_make_no_difference_to_versions(attributes, batches):
    seen = [one for one in split(states(batches, attributes)[-1])[0] if one.key == "k"]
    names = [attribute.name for attribute in attributes]
    by_time: dict[datetime, Said] = defaultdict(dict)
    for one in seen:
        values = tuple(one.attributes[name] for name in names)
        by_time[one.at][values] = max(by_time[one.at].get(values, ""), one.rank)
    kept = [
        Observation(key="k", at=at, rank=rank, attributes=dict(zip(names, values, strict=True)))
        for at, said in without_repeats(by_time)
        for values, rank in said.items()
    ]
    assert versions_of_one_key("k", kept, set(), attributes) == versions_of_one_key("k", seen, set(), attributes)


def sold(source="superstore", sale_id="1", **content):
    least = {"ordered_at": SOLD, "order_date": SOLD.date(), "order_id": "o", "sales": Decimal(1), "quantity": 1}
    own = {"product_id": "p", "country": "France", "is_return": False, **content}
    return Statement(source_system=source, sale_id=sale_id, recorded_at=SOLD, content=least | own)


@pytest.mark.parametrize(
    "country, state, city, expected",
    [
        ("Germany", "Berlin", "Berlin", "Germany|Berlin|Berlin"),
        ("a|b", "c", "d", "a%7Cb|c|d"),
        ("a", "b|c", "d", "a|b%7Cc|d"),
        ("100%", "%7C", None, "100%25|%257C|"),
        ("x", None, None, "x||"),
    ],
)
def test_a_store_is_one_text_that_gives_its_parts_back(country, state, city, expected):
    line = sold(country=country, state=state, city=city)
    assert natural_key(STORE, line) == expected
    ((version,),) = versions_of(STORE, [line]).values()
    row = version_row(STORE, version)
    assert (row["country"], row["state"], row["city"]) == (country, state, city)


def test_a_key_of_one_part_stands_as_it_is():
    assert natural_key(STORE, sold("online_retail", country="a|b%")) == "a|b%"
    assert natural_key(CUSTOMER, sold(customer_id="c|1")) == "c|1"
    assert natural_key(CUSTOMER, sold()) is None


@pytest.mark.parametrize(
    "source, code, expected",
    [
        *(("online_retail", code, False) for code in ("POST", "m", "C2", "BANK CHARGES", "gift_0001_20")),
        *(("online_retail", code, True) for code in ("post", "POSTAGE", "85123A", "gift_0001_", "POST\n")),
        ("superstore", "POST", True),
    ],
)
def test_some_stock_codes_are_no_merchandise(source, code, expected):
    ((version,),) = versions_of(PRODUCT, [sold(source, product_id=code)]).values()
    assert version_row(PRODUCT, version)["is_merchandise"] is expected


def test_a_guest_and_a_line_that_was_not_shipped_point_at_members():
    state = {("superstore", "1"): sold()}
    (rows,) = (list(rows) for name, _, rows in tables_of(state) if name == FACT)
    assert [(row["customer_sk"], row["order_date_sk"], row["ship_date_sk"]) for row in rows] == [(-1, 20240301, -2)]
    counts = {"dim_customer": 2, "dim_product": 3, "dim_store": 3, "dim_date": 21_917, "fact_sales": 1}
    found = {name: told.partition("-")[0] for name, told in digests_of(state).items()}
    assert found == {f"gold.{name}": str(count) for name, count in counts.items()}


def test_the_calendar_knows_iso_weeks_and_fiscal_years():
    row = row_of(date(2021, 1, 3), 1)
    assert (row["iso_year"], row["iso_week"], row["weekday_name"], row["is_weekend"]) == (2020, 53, "Sunday", True)
    assert (row["day_of_year"], row["quarter"], row["fiscal_year"], row["fiscal_quarter"]) == (3, 1, 2021, 1)
    row = row_of(date(2024, 4, 1), 4)
    assert (row["fiscal_year"], row["fiscal_quarter"], row["fiscal_month"]) == (2025, 1, 1)
    row = row_of(date(2024, 3, 31), 4)
    assert (row["fiscal_year"], row["fiscal_quarter"], row["fiscal_month"]) == (2024, 4, 12)
    assert len(list(calendar_rows(2023, 2024))) == 2 + 365 + 366
    assert (key_of(date(2024, 2, 29)), key_of(None)) == (20240229, -2)
