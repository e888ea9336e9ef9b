"""The oracle of the CSV sources: a file's bytes flow in; statements, quarantined and blank rows flow out.

Every record after the header is in exactly one of the three. Nothing is rounded, capped or guessed.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from tests.oracle.csv_records import Record, clean, decode, is_blank, records
from tests.oracle.silver import BUSINESS_COLUMNS, Statement, canonical, hash_fields

DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
DIGITS = re.compile("[0-9]+")
INTEGER = re.compile(r"[+-]?[0-9]+")
EXACT = Context(prec=60)  # 19 digits times 20: the default of 28 would round
MONEY_BOUND = Decimal(10) ** 14
CALENDAR = date(1990, 1, 1), date(2049, 12, 31)


class FileRejectedError(ValueError):
    """The bytes are no file of that source: no header, a required column missing, a column twice."""


@dataclass(kw_only=True)
class CsvBatch:
    """What one file says, each row with the number of its first line; `normalised` counts per header."""

    statements: list[tuple[int, Statement]] = field(default_factory=list)
    quarantined: list[tuple[int, str, list[str]]] = field(default_factory=list)
    blank: int = 0
    normalised: Counter[str] = field(default_factory=Counter)


def read_money(text: str) -> Decimal:
    """An exact DECIMAL(20,6). Raises ValueError for another shape, a seventh decimal, or 10^14 and more."""
    if not DECIMAL.fullmatch(text):
        raise ValueError("not a plain decimal number")
    if len(text.partition(".")[2].rstrip("0")) > 6 or abs(Decimal(text)) >= MONEY_BOUND:
        raise ValueError("does not fit DECIMAL(20,6)")
    return Decimal(text)


def read_integer(text: str) -> int:
    """A BIGINT. Raises ValueError."""
    if not INTEGER.fullmatch(text) or len(text.lstrip("+-0")) > 19 or not -(2**63) <= int(text) < 2**63:
        raise ValueError("not a BIGINT")
    return int(text)


def read_date(text: str) -> date:
    """dd-MM-yyyy or yyyy-MM-dd, strictly. Raises ValueError."""
    if found := re.fullmatch("([0-9]{2})-([0-9]{2})-([0-9]{4})", text):
        return date(int(found[3]), int(found[2]), int(found[1]))
    if found := re.fullmatch("([0-9]{4})-([0-9]{2})-([0-9]{2})", text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    raise ValueError("not a date")


def read_moment(text: str) -> datetime:
    """M/d/yyyy H:mm in UTC. Raises ValueError."""
    found = re.fullmatch("([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}) ([0-9]{1,2}):([0-9]{2})", text)
    if not found:
        raise ValueError("not a moment")
    month, day, year, hour, minute = map(int, found.groups())
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


READERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "integer": read_integer,
    "money": read_money,
    "date": read_date,
    "timestamp": read_moment,
}
SUPERSTORE = (
    "Row ID,Order ID,Order Date,Ship Date,Ship Mode,Customer ID,Customer Name,Segment,City,State,Country,"
    "Postal Code,Market,Region,Product ID,Category,Sub-Category,Product Name,Sales,Quantity,Discount,Profit,"
    "Shipping Cost,Order Priority"
)
# Per source, in file order: header, and the business column it fills.
COLUMNS: dict[str, dict[str, str]] = {
    "superstore": {name: re.sub("[ -]", "_", name).lower() for name in SUPERSTORE.split(",")},
    "online_retail": {
        "InvoiceNo": "order_id",
        "StockCode": "product_id",
        "Description": "product_name",
        "Quantity": "quantity",
        "InvoiceDate": "ordered_at",
        "UnitPrice": "unit_price",
        "CustomerID": "customer_id",
        "Country": "country",
    },
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "superstore": (
        *("Row ID", "Order ID", "Order Date", "Customer ID", "Product ID"),
        *("Country", "State", "City", "Sales", "Quantity"),
    ),
    "online_retail": ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "Country"),
}


class Field(NamedTuple):
    """What one field of a row came to; `changed` by normalising, `unreadable` as a value of its column."""

    value: Any
    changed: bool
    unreadable: bool


@lru_cache(maxsize=1 << 18)
def read_field(column: str, text: str) -> Field:
    """A field of the file, normalised and read; cached because real files repeat their values."""
    cleaned, changed = clean(text)
    try:
        return Field(None if cleaned is None else READERS[BUSINESS_COLUMNS[column]](cleaned), changed, False)
    except ValueError:
        return Field(None, changed, True)


def positions(source: str, header: Record, required: tuple[str, ...]) -> dict[str, int]:
    """Where each column of the source stands in the file; names match in any order and letter case."""
    if header.error is not None:
        raise FileRejectedError(f"the header is damaged: {header.error}")
    found: dict[str, int] = {}
    known = {name.casefold(): name for name in COLUMNS[source]}
    for at, text in enumerate(header.fields):
        name = known.get((clean(text)[0] or "").casefold())
        if name in found:
            raise FileRejectedError(f"the header names {name} twice")
        if name is not None:
            found[name] = at
    if missing := [name for name in required if name not in found]:
        raise FileRejectedError(f"required columns are missing: {', '.join(missing)}")
    return found


def typed(
    source: str, fields: list[str], at: dict[str, int], required: tuple[str, ...], normalised: Counter[str]
) -> tuple[dict[str, Any], list[str]]:
    """The business columns that the file states, and what is missing or unreadable; counts normalising."""
    content: dict[str, Any] = {}
    reasons = []
    for name, column in COLUMNS[source].items():
        value, changed, unreadable = read_field(column, fields[at[name]] if name in at else "")
        content[column] = value
        if changed:
            normalised[name] += 1
        if unreadable:
            reasons.append(f"unreadable:{name}")
        elif value is None and name in required:
            reasons.append(f"missing:{name}")
    return content, reasons


def derive(source: str, content: dict[str, Any]) -> list[str]:
    """Adds the columns that follow from others to `content`; names what does not fit its type."""
    quantity, price = content["quantity"], content.get("unit_price")
    content["is_return"] = None if quantity is None else quantity < 0
    if source == "superstore":
        day = content["order_date"]
        content["ordered_at"] = None if day is None else datetime.combine(day, time(), UTC)
        return []
    moment = content["ordered_at"]
    content["order_date"] = None if moment is None else moment.date()
    if quantity is None or price is None:
        content["sales"] = None
        return []
    content["sales"] = EXACT.multiply(Decimal(quantity), price)
    return ["sales_too_large"] if abs(content["sales"]) >= MONEY_BOUND else []


def violations(content: dict[str, Any], last_day: date) -> list[str]:
    """The row rules that a row breaks; NULL breaks none. `last_day` is one day after `recorded_at`."""
    row_id, quantity, sales = content.get("row_id"), content["quantity"], content["sales"]
    discount, price = content.get("discount"), content.get("unit_price")
    ordered, shipped, (first, last) = content["order_date"], content.get("ship_date"), CALENDAR
    broken = []
    if row_id is not None and not DIGITS.fullmatch(row_id):
        broken.append("row_id_not_digits")
    if quantity == 0:
        broken.append("quantity_zero")
    if sales is not None and sales < 0 and not content["is_return"]:
        broken.append("sales_negative")
    if discount is not None and not 0 <= discount <= 1:
        broken.append("discount_out_of_range")
    if price is not None and price < 0:
        broken.append("unit_price_negative")
    if shipped is not None and ordered is not None and shipped < ordered:
        broken.append("ship_before_order")
    if ordered is not None and ordered > last_day:
        broken.append("order_after_recorded")
    if ordered is not None and not first <= ordered <= last:
        broken.append("order_date_out_of_calendar")
    if shipped is not None and not first <= shipped <= last:
        broken.append("ship_date_out_of_calendar")
    return broken


def sale_id(source: str, content: dict[str, Any]) -> str:
    """The key of a sale line within its source."""
    if source == "superstore":
        return str(content["row_id"])
    return hash_fields([canonical(column, content[column]) for column in COLUMNS[source].values()])


def read_csv(
    source: str,
    data: bytes,
    encoding: str,
    delimiter: str,
    recorded_at: datetime,
    required: tuple[str, ...] | None = None,
) -> CsvBatch:
    """What a file of `source` says, recorded at its as-of. Raises FileRejectedError.

    Normalising is counted for every sound, non-blank row, also where a rule then rejects it.
    """
    required = REQUIRED[source] if required is None else required
    batch, at, width = CsvBatch(), None, 0
    last_day = recorded_at.astimezone(UTC).date() + timedelta(days=1)
    for record in records(decode(data, encoding), delimiter):
        if is_blank(record):
            batch.blank += 1
        elif at is None:
            at, width = positions(source, record, required), len(record.fields)
        elif record.error is not None or len(record.fields) != width:
            batch.quarantined.append((record.line, record.raw, [record.error or "ragged"]))
        else:
            content, reasons = typed(source, record.fields, at, required, batch.normalised)
            reasons += derive(source, content) + violations(content, last_day)
            if reasons:
                batch.quarantined.append((record.line, record.raw, reasons))
                continue
            key = sale_id(source, content)
            said = Statement(source_system=source, sale_id=key, recorded_at=recorded_at, content=content)
            batch.statements.append((record.line, said))
    if at is None:
        raise FileRejectedError("there is no header")
    return batch
