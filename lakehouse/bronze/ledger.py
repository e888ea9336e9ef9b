"""The ledger of bronze: which files have landed, from where, as of when, and what was found in them.

In: rows of `ops.landed_files`. Out: frozen `Landing`s. Guaranteed: one row a landing, that is a (source,
sha256, as-of); its id is derived from those three.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lakehouse.bronze.rows import LandedFile
from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import sha256_of

TABLE = "ops.landed_files"
FOLDER = "bronze"
"""What the paths of all objects begin with."""

LANDING, LANDED, REJECTED = "landing", "landed", "rejected"
"""Being written; kept; kept, but no file of the source."""

ABANDONED, WITHDRAWN = "abandoned", "withdrawn"
"""Never kept, as the bytes were gone before they could be; kept, but taken back."""

EXPIRED = "expired"
"""In silver, and deleted since, as its retention had passed."""

KEPT = (LANDED, REJECTED, WITHDRAWN)
"""Statuses of landings whose bytes are in bronze."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Landing:
    """One row of `ops.landed_files`; the columns are described in its contract."""

    source: str
    sha256: str
    as_of: datetime
    as_of_from: str
    file_name: str
    size: int
    path: str
    landed_at: datetime
    status: str = LANDING
    reason: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: tuple[str, ...] | None = None
    header_line: int | None = None
    extra_columns: tuple[str, ...] | None = None
    records: int | None = None

    @property
    def landing_id(self) -> str:
        """Derived from source, content and as-of."""
        told = f"{self.source}|{self.sha256}|{self.as_of.isoformat(timespec='microseconds')}"
        return hashlib.sha256(told.encode()).hexdigest()[:24]

    def file(self, lake: Lake) -> LandedFile:
        """What the reader needs to know of the file."""
        if self.encoding is None or self.delimiter is None or self.header is None or self.header_line is None:
            raise ValueError(f"{self.landing_id} was rejected as a file and has no rows")
        return LandedFile(
            landing_id=self.landing_id,
            store=lake.store,
            location=lake.object(self.path),
            encoding=self.encoding,
            delimiter=self.delimiter,
            header=self.header,
            header_line=self.header_line,
        )


def write(lake: Lake, landings: Iterable[Landing]) -> None:
    """Insert or replace the rows of these landings, in one commit."""
    tables.upsert(lake, TABLE, [{**asdict(one), "landing_id": one.landing_id} for one in landings])


def read(lake: Lake, **equal: Any) -> list[Landing]:
    """The landings whose columns equal the values given, the earliest as-of first."""
    found = [_landing(row) for row in tables.read(lake, TABLE, **equal)]
    return sorted(found, key=lambda one: (one.as_of, one.landing_id))


def _landing(row: Mapping[str, Any]) -> Landing:
    told = {key: value for key, value in row.items() if key != "landing_id"}
    for name in ("header", "extra_columns"):
        told[name] = None if told[name] is None else tuple(told[name])
    return Landing(**told)


def called(landings: Iterable[Landing], name: str) -> list[Landing]:
    """The landings that a person means: of the bytes of the file there, else of that file name, else with that id."""
    known = list(landings)
    path = Path(name)
    if path.is_file():
        digest = sha256_of(path)
        return [one for one in known if one.sha256 == digest]
    return [one for one in known if one.file_name == path.name] or [one for one in known if one.landing_id == name]
