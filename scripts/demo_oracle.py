"""What the lakehouse must come to, worked out in plain Python from the CSV and from the producer's own record.

In: a Superstore CSV, and the file of `lakehouse produce --oracle`. Out: `Expected`. Guaranteed: no code of the
lakehouse is used; of two statements about a line the later one wins, and of garbage the producer says that it is.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

AS_OF = re.compile(r"_(\d{4}-\d{2}-\d{2}T\d{6}Z)\.csv$")

ONLY_WARNS = ("garbage_unknown_field", "garbage_unknown_field_of_row")
"""An event with more fields than the contract knows is taken."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Events that were committed, those of them that are garbage; live lines with the sums of sales and of units."""

    events: int
    garbage: int
    lines: int
    sales: Decimal
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said about a line at a moment; None: it is deleted."""

    at: datetime
    line: Mapping[str, str | int] | None


def expected_of(history: Path, oracle: Path) -> Expected:
    """The numbers that follow from a CSV and the events on top of it."""
    committed = [told for told in map(json.loads, oracle.read_text().splitlines()) if told["outcome"] == "committed"]
    good = [told for told in committed if not told["kind"].startswith("garbage_") or told["kind"] in ONLY_WARNS]
    newest: dict[str, Said] = {}
    for key, said in (*_of_file(history), *_of_events(good)):
        if key not in newest or _order(said) > _order(newest[key]):
            newest[key] = said
    live = [said.line for said in newest.values() if said.line is not None]
    return Expected(
        events=len(committed),
        garbage=len(committed) - len(good),
        lines=len(live),
        sales=sum((Decimal(str(line["sales"])) for line in live), Decimal(0)),
        quantity=sum(int(line["quantity"]) for line in live),
    )


def _order(said: Said) -> tuple[datetime, bool]:
    return said.at, said.line is None


def _of_file(path: Path) -> Iterator[tuple[str, Said]]:
    """The lines of a file, all said when it was extracted."""
    found = AS_OF.search(path.name)
    if found is None:
        raise ValueError(f"{path.name} does not say when it was extracted")
    at = datetime.strptime(found[1], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield row["Row ID"], Said(at=at, line={"sales": row["Sales"], "quantity": row["Quantity"]})


def _of_events(good: list[dict[str, str]]) -> Iterator[tuple[str, Said]]:
    for told in good:
        event = json.loads(told["value"])
        line = None if event["op"] == "delete" else event["row"]
        yield event["row"]["row_id"], Said(at=datetime.fromisoformat(event["event_time"]), line=line)
