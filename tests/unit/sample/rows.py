"""Files of the sample as a stranger reads them, with Python's `csv` alone: good rows, and faults of others."""

import csv
import unicodedata
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

from lakehouse.sample import SampleFile
from lakehouse.sample.records import COLUMNS

Row = dict[str, str]

TRACKED = {
    "customer": (("Customer ID",), ("Customer Name", "Segment")),
    "product": (("Product ID",), ("Product Name", "Category", "Sub-Category")),
    "store": (("Country", "State", "City"), ("Market", "Region")),
}


def read(path: Path) -> list[list[str]]:
    """The records after the header, without the line whose quote stays open."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
    return list(csv.reader(line for line in lines if not opens_a_quote(line)))


def opens_a_quote(line: str) -> bool:
    return line.count('"') % 2 == 1


def rows(file: SampleFile) -> list[Row]:
    """The good records of a file, as column → value."""
    return good_rows(file.path, file.as_of.date())


@cache
def good_rows(path: Path, as_of: date) -> list[Row]:
    full = [record for record in read(path) if len(record) == len(COLUMNS) and any(map(str.strip, record))]
    named = [dict(zip(COLUMNS, record, strict=True)) for record in full]
    return [row for row in named if not faults(row, as_of)]


def by_id(some: list[Row]) -> dict[str, Row]:
    return {row["Row ID"]: row for row in some}


def tidy(row: Row) -> Row:
    return {name: " ".join(unicodedata.normalize("NFC", value).split()) for name, value in row.items()}


def faults(row: Row, as_of: date) -> set[str]:
    """The rules of a good row, stated once more and independently; empty for a good one."""
    found = {"row id"} if not row["Row ID"].strip() else set()
    numbers: dict[str, Decimal] = {}
    for name in ("Sales", "Discount", "Profit", "Shipping Cost", "Quantity"):
        try:
            numbers[name] = Decimal(row[name])
        except InvalidOperation:
            found.add(name)
            continue
        if -numbers[name].as_tuple().exponent > (0 if name == "Quantity" else 6):  # type: ignore[operator]
            found.add(name)
    if numbers.get("Quantity") == 0:
        found.add("Quantity")
    if numbers.get("Sales", 0) < 0 and numbers.get("Quantity", -1) >= 0:
        found.add("Sales")
    if not 0 <= numbers.get("Discount", Decimal(0)) <= 1:
        found.add("Discount")
    return found | date_faults(row, as_of)


def date_faults(row: Row, as_of: date) -> set[str]:
    found: set[str] = set()
    days: dict[str, date] = {}
    for name in ("Order Date", "Ship Date"):
        try:
            days[name] = date.fromisoformat(row[name])
        except ValueError:
            found.add(name)
            continue
        if not 1990 <= days[name].year <= 2049:
            found.add(f"{name} range")
    if len(days) == 2 and days["Ship Date"] < days["Order Date"]:
        found.add("ship before order")
    if "Order Date" in days and days["Order Date"] > as_of + timedelta(days=1):
        found.add("future")
    return found


def new_rows(first: SampleFile, second: SampleFile) -> list[Row]:
    known = by_id(rows(first))
    return [row for row in rows(second) if row["Row ID"] not in known]
