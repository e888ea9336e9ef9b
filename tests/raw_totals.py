"""What a raw file adds up to, read with nothing but Python's csv and Decimal: what the warehouse must say of it.

In: a path. Out: rows, guests (lines without a customer) and sums of money and pieces, of all lines that count: each
once, however often it stands in the file, but those with an amount below what may be.
"""

import csv
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Totals:
    rows: int
    guests: int
    sales: Decimal
    quantity: int
    profit: Decimal | None


def of_superstore(path: Path) -> Totals:
    with path.open(encoding="utf-8", newline="") as file:
        lines = {row["Row ID"]: row for row in csv.DictReader(file)}
    return Totals(
        rows=len(lines),
        guests=sum(not row["Customer ID"] for row in lines.values()),
        sales=sum((Decimal(row["Sales"]) for row in lines.values()), Decimal(0)),
        quantity=sum(int(row["Quantity"]) for row in lines.values()),
        profit=sum((Decimal(row["Profit"]) for row in lines.values()), Decimal(0)),
    )


def of_online_retail(path: Path) -> Totals:
    """An exact second copy of a line is no second sale; a negative price (two adjustments of bad debt) is none."""
    with path.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    lines = [row for row in {tuple(map(str.strip, row)) for row in rows} if Decimal(row[5]) >= 0]
    return Totals(
        rows=len(lines),
        guests=sum(not row[6] for row in lines),
        sales=sum((int(row[3]) * Decimal(row[5]) for row in lines), Decimal(0)),
        quantity=sum(int(row[3]) for row in lines),
        profit=None,
    )
