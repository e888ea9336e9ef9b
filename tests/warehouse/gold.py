"""A small gold, made without Spark: Delta tables with every type at its edges, and releases that name their versions.

Rows as dictionaries flow in; Delta versions and rows of `ops.releases` flow out. Digests are of another kind than the
product's own, but as those do they change where a row does.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, write_deltalake

from lakehouse.contract.derive.arrow_schema import arrow_schema
from lakehouse.gold import release
from lakehouse.gold.release import COMPLETE, GOLD_TABLES, Release
from lakehouse.runtime.lake import Lake

Row = dict[str, Any]
Gold = dict[str, list[Row]]

FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
SEEN = datetime(2020, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC)
LARGEST = Decimal("99999999999999.999999")
TEXTS = ("plain", 'it\'s "quoted", with\nlines\tand \\', "", "Ünïcode 雪 𝄞", " blanks ", "NULL", "%_;--")


def version_of(sk: int, **told: Any) -> Row:
    """What all dimensions with history have."""
    return {
        "source_system": "superstore",
        "valid_from": FIRST,
        "valid_to": LAST,
        "is_current": True,
        "first_observed_at": SEEN if sk >= 0 else None,
        "_uneven": False,
        **told,
    }


def small_gold(facts: int = 60) -> Gold:
    """Rows of every table, by table."""
    keys = [-1, -2, *((place * 0x0FEDCBA98765432) % (1 << 60) for place in range(1, 8))]
    days = [date(1990, 1, 1) + timedelta(days=n) for n in range(40)]
    calendar = [{"date_sk": int(f"{d:%Y%m%d}"), "calendar_date": d, "label": f"{d}", "year": d.year} for d in days]
    members = [{"date_sk": -1, "label": "unknown"}, {"date_sk": -2, "label": "not applicable"}]
    texts = dict(zip(keys, (*TEXTS, "a", "b"), strict=True))
    return {
        "gold.dim_customer": [
            version_of(k, customer_sk=k, customer_id=f"c{k}", customer_name=texts[k], segment=None) for k in keys
        ],
        "gold.dim_product": [
            version_of(k, product_sk=k, product_id=f"p{k}", product_name=texts[k], is_merchandise=k % 2 == 0)
            for k in keys
        ],
        "gold.dim_store": [version_of(k, store_sk=k, store_id=f"s|{k}", city=texts[k]) for k in keys],
        "gold.dim_date": [*members, *calendar],
        "gold.fact_sales": [fact(place, keys[2:], calendar) for place in range(facts)],
    }


def fact(place: int, keys: Sequence[int], calendar: Sequence[Row]) -> Row:
    """One sale line; of numbers, the largest, the smallest and none."""
    quantity = (place % 5) - 2 or 7
    day = calendar[place % len(calendar)]
    return {
        "source_system": "superstore",
        "sale_id": f"{place:09d}",
        "order_date_sk": day["date_sk"],
        "ship_date_sk": -2,
        "customer_sk": keys[place % len(keys)],
        "product_sk": keys[(place + 1) % len(keys)],
        "store_sk": keys[(place + 2) % len(keys)],
        "ordered_at": SEEN + timedelta(microseconds=place),
        "order_id": TEXTS[place % len(TEXTS)] or "o",
        "sales": (LARGEST, -LARGEST, Decimal("0.000001"), Decimal(place))[place % 4],
        "quantity": quantity,
        "discount": (None, Decimal(0), Decimal("0.15"))[place % 3],
        "profit": None if place % 7 == 0 else Decimal(place) / 8,
        "is_return": quantity < 0,
    }


def write_gold(lake: Lake, gold: Mapping[str, Sequence[Row]], *, merge: bool = False) -> dict[str, int]:
    """Put these rows in place of what is there; of tables that stay the same, no new version."""
    for name, rows in gold.items():
        schema = arrow_schema(lake.table(name))
        table = pa.Table.from_pylist([{f.name: row.get(f.name) for f in schema} for row in rows], schema)
        location = lake.location(name)
        if not DeltaTable.is_deltatable(location) or rows_of(lake, name) != _sorted(table.to_pylist()):
            write_deltalake(location, table, mode="overwrite")
    return {name: DeltaTable(lake.location(name)).version() for name in GOLD_TABLES}


def publish_ready(lake: Lake, gold: Gold, number: int) -> Release:
    """A complete release of these rows, on record."""
    versions = write_gold(lake, gold)
    made = Release(
        release_id=f"r{number:05d}-0123456789ab",
        number=number,
        kind="full",
        rule_fingerprint="f",
        silver_version=number,
        status=COMPLETE,
        versions=versions,
        row_counts={name: len(gold[name]) for name in GOLD_TABLES},
        digests={name: _digest(gold[name]) for name in GOLD_TABLES},
        completed_at=datetime.now(UTC),
    )
    release.write(lake, made)
    return made


def rows_of(lake: Lake, name: str, version: int | None = None) -> list[Row]:
    """The rows of a Delta table, sorted, by delta-rs."""
    opened = DeltaTable(lake.location(name), version=version)
    return _sorted(pa.table(QueryBuilder().register("t", opened).execute("SELECT * FROM t")).to_pylist())


def _sorted(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=repr)


def _digest(rows: Sequence[Row]) -> str:
    told = sorted(repr(sorted(row.items())) for row in rows)
    return f"{len(rows)}-{hashlib.sha256(repr(told).encode()).hexdigest()[:15]}"
