"""A made-up change feed: real Superstore lines in, three files out in which made-up things happen on a made-up day.

What happened (none of it did): on `CHANGED` some customers change their segment, some products get another name, and
the region East of the US is reorganised. The first file has lines before that day, the second those after it and
corrections, the third comes late with lines from both sides of it.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

Row = dict[str, str]

CHANGED = "2013-07-01"
PRODUCTS = 180
"""So many of the products that sell most are followed: some 3,000 lines."""
EVENTS = 40
"""So many customers, and so many products, change."""
SEGMENTS = {"Consumer": "Corporate", "Corporate": "Home Office", "Home Office": "Consumer"}


@dataclass(frozen=True, kw_only=True)
class ChangeFeed:
    """The files in their order, and by column of the file that changes: key → (old value, new value)."""

    files: list[bytes]
    changes: Mapping[str, Mapping[str, tuple[str, str]]]


def made_up_change_feed(superstore: Path) -> ChangeFeed:
    """The feed made of a Superstore file in UTF-8; the same each time."""
    rows = sample(superstore)
    changes = {
        "Segment": events(rows, "Customer ID", "Segment", lambda old: SEGMENTS[old]),
        "Product Name": events(rows, "Product ID", "Product Name", lambda old: f"Made-up name of {old}"),
        "Region": reorganised(rows),
    }
    now = [as_it_is(row, changes) for row in rows]
    late = [row for place, row in enumerate(now) if place % 3 == 0]
    told = [row for place, row in enumerate(now) if place % 3]
    before = [row for row in told if row["Order Date"] < CHANGED]
    after = [row for row in told if row["Order Date"] >= CHANGED]
    second = [*after, *corrections(before, changes)]
    return ChangeFeed(files=[file_of(told) for told in (before, second, late)], changes=changes)


def store_of(row: Row) -> str:
    return "|".join(row[name] for name in ("Country", "State", "City"))


def sample(superstore: Path) -> list[Row]:
    """All lines of the products that sell most."""
    with superstore.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    best = sorted(Counter(row["Product ID"] for row in rows).items(), key=lambda one: (-one[1], one[0]))
    followed = {product for product, _ in best[:PRODUCTS]}
    return [row for row in rows if row["Product ID"] in followed]


def events(rows: list[Row], key: str, column: str, change: Callable[[str], str]) -> dict[str, tuple[str, str]]:
    """The first keys that always had one value, and sold at least twice on each side of the day."""
    values, sides = defaultdict(set), defaultdict(Counter)
    for row in rows:
        values[row[key]].add(row[column])
        sides[row[key]][row["Order Date"] >= CHANGED] += 1
    steady = (one for one in sorted(values) if len(values[one]) == 1 and min(sides[one][True], sides[one][False]) > 1)
    return {one: (old, change(old)) for one, _ in zip(steady, range(EVENTS), strict=False) for old in values[one]}


def reorganised(rows: list[Row]) -> dict[str, tuple[str, str]]:
    """All stores of a region, with the made-up one they come to belong to."""
    east = {store_of(row) for row in rows if (row["Market"], row["Region"]) == ("US", "East")}
    return dict.fromkeys(sorted(east), ("East", "Made-up Coast"))


def as_it_is(row: Row, changes: Mapping[str, Mapping[str, tuple[str, str]]]) -> Row:
    """The line with what is true on its day."""
    keys = {"Segment": row["Customer ID"], "Product Name": row["Product ID"], "Region": store_of(row)}
    new = {column: changes[column][key][1] for column, key in keys.items() if key in changes[column]}
    return row | new if row["Order Date"] >= CHANGED else row


def corrections(before: list[Row], changes: Mapping[str, Mapping[str, tuple[str, str]]]) -> list[Row]:
    """Lines of the first file told anew: some with another quantity, some sold only after the day after all."""
    counted = [row | {"Quantity": str(int(row["Quantity"]) + 1)} for row in before[:20]]
    later = date.fromisoformat(CHANGED) + timedelta(days=10)
    moved = [
        as_it_is(row | {"Order Date": str(later), "Ship Date": str(later)}, changes)
        for row in before[20:]
        if row["Customer ID"] in changes["Segment"] or row["Product ID"] in changes["Product Name"]
    ]
    return counted + moved[:20]


def file_of(rows: list[Row]) -> bytes:
    file = io.StringIO(newline="")
    told = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    told.writeheader()
    told.writerows(rows)
    return file.getvalue().encode()
