"""The peer's gold against the oracle of history, on handfuls of rows: no Spark, and nothing about time."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from benchmarks.compare import digest_of, gold_tables, refuse_differences
from benchmarks.invoices import HEADER
from benchmarks.peer import load
from benchmarks.peer_gold import Attribute, versions
from lakehouse.errors import JobError
from tests.oracle import history

AS_OF = "2012-01-01T00:00:00"
CHANGED = "EIRE", "France", "Germany"
LINES = """\
536365,85123A,WHITE LANTERN,6,12/1/2010 8:26,2.55,17850,United Kingdom
536366,85123A,,1,12/2/2010 8:26,0,17850,France
536367,85123A,LANTERN,1,12/3/2010 8:26,2.55,,France
536368,85123A,CREAM LANTERN,1,12/3/2010 8:26,2.55,17850,France
536369,22423,,1,12/1/2010 9:00,2.55,12345,Germany
536370,22423,CAKESTAND,-1,12/4/2010 9:00,2.55,12345,Germany
536371,POST,POSTAGE,1,12/4/2010 9:00,18,12345,Germany
536372,gift_0001_20,Voucher,1,12/4/2010 9:00,18,,Germany
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the peer's tables of the lines above."""
    folder = tmp_path_factory.mktemp("peer")
    csv = folder / "invoices.csv"
    csv.write_text(HEADER + LINES, encoding="utf-8")
    load(csv, folder, AS_OF, lambda _: None)
    return folder


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    return DeltaTable(str(folder / table)).to_pyarrow_table().to_pylist()


def naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def in_order(found: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(found, key=repr)


@pytest.mark.parametrize("seed", range(20))
def test_versions_are_those_of_the_oracle(seed: int):
    dice = random.Random(seed)
    told = [
        history.Observation(
            key=("s", f"k{dice.randrange(4)}"),
            at=datetime(2020, 1, 1) + timedelta(days=dice.randrange(8)),
            rank=f"{number:03}",
            attributes={"name": dice.choice(["a", "b", None]), "place": dice.choice(["x", "y", None])},
        )
        for number in range(40)
    ]
    dice.shuffle(told)
    observations = pa.table(
        {
            "source_system": [o.key[0] for o in told],
            "key": [o.key[1] for o in told],
            "seen_at": [o.at for o in told],
            "rank": [o.rank for o in told],
            **{name: [o.attributes[name] for o in told] for name in ("name", "place")},
        }
    )
    attributes = [Attribute(name="name", told="", null_is_unknown=True), Attribute(name="place", told="")]
    with duckdb.connect() as con:
        con.register("observations", observations)
        sql = versions("FROM observations", attributes)
        columns = "source_system, key, valid_from, valid_to, first_observed_at, name, place"
        found = con.execute(f"SELECT {columns} FROM ({sql})").fetchall()
    expected = history.versions(
        told, [], [history.Attribute(name="name", null_is="unknown"), history.Attribute(name="place")]
    )
    assert in_order(found) == in_order(
        (*v.key, v.valid_from, v.valid_to, v.first_observed_at, *v.attributes.values()) for v in expected
    )


@pytest.mark.parametrize(
    "table, id_, attribute, null_is",
    [
        ("dim_customer", "customer_id", "country", "value"),
        ("dim_product", "product_id", "product_name", "unknown"),
        ("dim_store", "country", "region", "value"),
    ],
)
def test_a_dimension_has_the_versions_and_keys_of_the_oracle(
    made: Path, table: str, id_: str, attribute: str, null_is: Any
):
    observations = [
        history.Observation(
            key=line[id_], at=naive(line["ordered_at"]), rank=line["sale_id"], attributes={attribute: line[attribute]}
        )
        for line in rows(made, "silver/sales")
        if line[id_] is not None
    ]
    expected = history.versions(observations, [], [history.Attribute(name=attribute, null_is=null_is)])
    sk = table.replace("dim_", "") + "_sk"
    found = [row for row in rows(made, f"gold/{table}") if row[sk] >= 0]
    assert in_order(
        (
            *(row[name] for name in (sk, id_, attribute, "is_current")),
            *(naive(row[name]) for name in ("valid_from", "valid_to", "first_observed_at")),
        )
        for row in found
    ) == in_order(
        (
            history.surrogate_key("online_retail", v.key, v.valid_from),
            *(v.key, v.attributes[attribute], v.is_current, v.valid_from, v.valid_to, v.first_observed_at),
        )
        for v in expected
    )


def test_names_fill_gaps_and_codes_that_are_no_products_are_told(made: Path):
    products = rows(made, "gold/dim_product")
    assert {row["product_id"] for row in products if not row["is_merchandise"]} == {"POST", "gift_0001_20"}
    assert [row["product_name"] for row in products if row["product_id"] == "22423"] == ["CAKESTAND"]


def test_a_dimension_has_both_members(made: Path):
    named = {"customer": ("GUEST", "customer_name"), "product": ("(unknown)", "product_name")}
    for name, (unknown, column) in {**named, "store": ("(unknown)", "store_id")}.items():
        members = {r[f"{name}_sk"]: r for r in rows(made, f"gold/dim_{name}") if r[f"{name}_sk"] < 0}
        assert {number: row[column] for number, row in members.items()} == {-1: unknown, -2: "(not applicable)"}
        assert {row["source_system"] for row in members.values()} == {"-"}
        assert {row["first_observed_at"] for row in members.values()} == {None}


def test_a_fact_points_at_the_versions_that_cover_it(made: Path):
    dimensions = {
        name: {r[f"{name}_sk"]: r for r in rows(made, f"gold/dim_{name}")} for name in ("customer", "product")
    }
    lines = {line["sale_id"]: line for line in rows(made, "silver/sales")}
    facts = rows(made, "gold/fact_sales")
    assert len(facts) == len(lines) == 8
    for fact in facts:
        line = lines[fact["sale_id"]]
        for name, there in dimensions.items():
            version = there[fact[f"{name}_sk"]]
            assert version[f"{name}_id"] == (line[f"{name}_id"] or "GUEST")
            assert version["valid_from"] <= fact["ordered_at"] < version["valid_to"]
        assert fact["order_date_sk"] == int(f"{line['ordered_at']:%Y%m%d}")
        assert (fact["ship_date_sk"], fact["sales"], fact["unit_price"]) == (-2, line["sales"], line["unit_price"])


def test_the_calendar_is_that_of_python(made: Path):
    days = rows(made, "gold/dim_date")
    assert len(days) == len({row["date_sk"] for row in days}) == 21_917
    for row in days:
        if (day := row["calendar_date"]) is None:
            assert (row["date_sk"], row["label"]) in ((-1, "unknown"), (-2, "not applicable"))
            continue
        assert row["date_sk"] == int(f"{day:%Y%m%d}")
        assert (row["iso_year"], row["iso_week"], row["weekday"]) == tuple(day.isocalendar())
        assert (row["label"], row["month_name"], row["weekday_name"]) == (f"{day}", f"{day:%B}", f"{day:%A}")
        assert row["is_weekend"] == (day.isoweekday() >= 6)
        assert row["day_of_year"] == day.timetuple().tm_yday


def test_the_peer_makes_the_columns_of_the_contracts_with_their_types(made: Path):
    types = {"text": "string", "integer": "int64", "boolean": "bool", "date": "date32[day]"}
    types |= {"money": "decimal128(20, 6)", "timestamp": "timestamp[us, tz=UTC]"}
    for name, table in gold_tables().items():
        schema = DeltaTable(str(made / Path(*name.split(".")))).to_pyarrow_table().schema
        found = {field.name: str(field.type).replace("string_view", "string") for field in schema}
        assert found == {c.name: types[c.type] for c in table.columns if not c.name.startswith("_")}


def test_a_digest_is_that_of_the_page_about_hashes_whatever_the_order(made: Path, tmp_path: Path):
    table = gold_tables()["gold.fact_sales"]
    columns = [table.column(n) for n in dict.fromkeys([*table.keys, *(c.name for c in table.business_columns)])]
    facts = rows(made, "gold/fact_sales")
    numbers = [int(history.hash_fields([text(row[c.name]) for c in columns])[:15], 16) for row in facts]
    assert digest_of(made, table) == f"{len(facts)}-{sum(numbers):x}"
    turned = DeltaTable(str(made / "gold" / "fact_sales")).to_pyarrow_table().slice(0)[::-1]
    write_deltalake(str(tmp_path / "gold" / "fact_sales"), turned)
    assert digest_of(tmp_path, table) == digest_of(made, table)
    write_deltalake(str(tmp_path / "gold" / "fact_sales"), turned.slice(1), mode="overwrite")
    assert digest_of(tmp_path, table) != digest_of(made, table)


def text(value: Any) -> str | None:
    """A value as the text it is hashed as."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:.6f}"
        case datetime():
            return f"{naive(value):%Y-%m-%d %H:%M:%S.%f}"
    return str(value)


def test_a_difference_between_the_sides_is_an_error_that_shows_them():
    refuse_differences("gold", {"one": "2-a", "other": "2-a"})
    with pytest.raises(JobError, match=r"differ in gold: .*'2-a'.*'2-b'"):
        refuse_differences("gold", {"one": "2-a", "other": "2-b"})
