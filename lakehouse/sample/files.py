"""Sample files on disk, and what each promises to hold.

In: records and how many there are of each intention. Out: a CSV file whose name carries its as-of.
Guaranteed: the file is there whole or not at all; the counts of a `SampleFile` sum to the records of the file
without its header.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import MappingProxyType

from lakehouse.sample.records import HEADER
from lakehouse.sample.stories import Story


@dataclass(frozen=True, kw_only=True)
class SampleFile:
    """One file and what was put into it; each record counts once (`untidy` apart).

    Where the files are run in the order of their days, the accounting must say: inserted = `new`, updated =
    `corrections`, refreshed = `redelivered`, duplicate = `duplicates`, stale = `stale`, quarantined = the sum
    of `bad` (kind of damage → rows), blank = `blank`.

    Attributes:
        day: 1, 2, …, the order in which the files arrive.
        as_of: when the file was extracted (UTC), as its name says.
        new: lines with row ids not seen before.
        corrections: earlier lines with other content.
        redelivered: earlier lines with the same content; `untidy` of them in text that needs normalisation.
        duplicates: exact second copies of lines in this file.
        stale: statements older than one of an earlier day about the same line.
        stories: what the file tells about customers, products and stores, for a demo to show.
    """

    path: Path
    day: int
    as_of: datetime
    new: int = 0
    corrections: int = 0
    redelivered: int = 0
    untidy: int = 0
    duplicates: int = 0
    stale: int = 0
    bad: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    blank: int = 0
    stories: tuple[Story, ...] = ()

    @property
    def records(self) -> int:
        """All records of the file but its header, blank ones included."""
        good = self.new + self.corrections + self.redelivered + self.duplicates + self.stale
        return good + sum(self.bad.values()) + self.blank


def as_of_after(day: int) -> datetime:
    """06:00 UTC on the day after a day (a proleptic ordinal): when an extraction of that day runs."""
    return datetime.combine(date.fromordinal(day + 1), time(6), tzinfo=UTC)


def file_name(as_of: datetime) -> str:
    """`superstore_2024-03-01T060000Z.csv`: the name by which the source finds the as-of."""
    return f"superstore_{as_of:%Y-%m-%dT%H%M%SZ}.csv"


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write header and lines as UTF-8 with LF, beside the path first, so that no half file bears its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("w", encoding="utf-8", newline="", buffering=1 << 20) as file:
        file.write(HEADER)
        file.writelines(lines)
    os.replace(unfinished, path)
