"""What a bench found, as tables for people and as one document for machines.

In: rows of named figures. Out: the same figures either way. Guaranteed: no figure is printed that the JSON
document does not hold.
"""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of the same columns; units are in the columns' names."""

    title: str
    rows: Sequence[Row]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The tables of one bench, and what must be known to read them."""

    bench: str
    tables: Sequence[Table]
    notes: Sequence[str] = ()


def show(report: Report) -> None:
    """Print a report as tables."""
    from lakehouse.cli.show import sentence, table

    for one in report.tables:
        columns = list(one.rows[0])
        table(one.title, columns, ([_figure(row[name]) for name in columns] for row in one.rows))
    for note in report.notes:
        sentence(note)
    sentence("")


def document(reports: Sequence[Report], small: bool) -> str:
    """All reports as JSON, with the machine they are from."""
    load = os.getloadavg()[0]
    machine = {
        "cores": os.cpu_count(),
        "load at the end": load,
        "system": platform.platform(),
        "python": platform.python_version(),
    }
    found = {"machine": machine, "small": small, "benches": [asdict(report) for report in reports]}
    return json.dumps(found, indent=2, ensure_ascii=False)


def _figure(value: Any) -> Any:
    """Seconds and ratios with two decimals, as numbers that stand to the right."""
    return Decimal(f"{value:.2f}") if isinstance(value, float) else value


def megabytes(size: int) -> int:
    """Bytes as whole MiB."""
    return round(size / 2**20)


def kilobytes(size: int) -> int:
    """Bytes as whole KiB."""
    return round(size / 2**10)
