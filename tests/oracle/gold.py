"""The oracle of gold: a state of silver flows in; the rows of the five tables and their digests flow out.

Gold is a pure function of silver's live lines: there is no step here, so that every road of the product, in one go
or in many steps, must end at what this says.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tests.oracle import calendar
from tests.oracle.dimensions import DIMENSIONS, Key, key_at, member_rows, row_of, versions_of
from tests.oracle.history import Version
from tests.oracle.silver import WRITERS, State, Statement, hash_fields, live

DIGITS = 15
# The columns of the facts in hashing order, each with the kind that decides its canonical text.
FACT_COLUMNS = {
    "source_system": "text",
    "sale_id": "text",
    "order_date_sk": "integer",
    "ship_date_sk": "integer",
    "customer_sk": "integer",
    "product_sk": "integer",
    "store_sk": "integer",
    "ordered_at": "timestamp",
    "order_id": "text",
    "ship_mode": "text",
    "order_priority": "text",
    "sales": "money",
    "quantity": "integer",
    "discount": "money",
    "profit": "money",
    "shipping_cost": "money",
    "unit_price": "money",
    "is_return": "boolean",
}
FACT = "gold.fact_sales"

Row = Mapping[str, Any]


def histories_of(state: State) -> dict[str, dict[Key, list[Version]]]:
    """The versions of each key, by the dimension's name."""
    lines = live(state)
    return {dimension.name: versions_of(dimension, lines) for dimension in DIMENSIONS}


def fact_of(line: Statement, histories: Mapping[str, Mapping[Key, list[Version]]]) -> Row:
    """The fact of a live line."""
    keys = {
        "source_system": line.source_system,
        "sale_id": line.sale_id,
        "order_date_sk": calendar.key_of(line.value("order_date")),
        "ship_date_sk": calendar.key_of(line.value("ship_date")),
        **{f"{d.name}_sk": key_at(d, line, histories[d.name]) for d in DIMENSIONS},
    }
    return keys | {name: line.value(name) for name in FACT_COLUMNS if name not in keys}


def tables_of(state: State) -> Iterator[tuple[str, Mapping[str, str], Iterable[Row]]]:
    """Name, columns with their kinds, and rows of each table of gold."""
    histories = histories_of(state)
    for dimension in DIMENSIONS:
        rows = [row_of(dimension, version) for found in histories[dimension.name].values() for version in found]
        yield f"gold.dim_{dimension.name}", dimension.kinds, [*rows, *member_rows(dimension)]
    yield "gold.dim_date", calendar.COLUMNS, calendar.calendar_rows()
    yield FACT, FACT_COLUMNS, (fact_of(line, histories) for line in live(state))


@lru_cache(maxsize=1 << 18)
def text_of(kind: str, value: str | int | bool | Decimal | date | datetime | None) -> str | None:
    """The canonical text of a value; None for NULL."""
    return None if value is None else WRITERS[kind](value)


def row_digest(row: Row, kinds: Mapping[str, str]) -> int:
    """What a row adds to the digest of its table."""
    return int(hash_fields(text_of(kind, row.get(name)) for name, kind in kinds.items())[:DIGITS], 16)


def digests_of(state: State) -> dict[str, str]:
    """The digest of each table of gold, `<rows>-<sum in hexadecimal>`, as a release tells them."""
    found = {}
    for name, kinds, rows in tables_of(state):
        numbers = [row_digest(row, kinds) for row in rows]
        found[name] = f"{len(numbers)}-{sum(numbers):x}"
    return found
