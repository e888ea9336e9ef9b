"""The ledger of a warehouse: which release its tables are, told by the warehouse itself.

In: a connection, or the local record of it. Out: frozen `Publication`s. Guaranteed: a row is written in the transaction
that brings the tables, so that row and tables cannot disagree; the local record follows and decides nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lakehouse.gold.release import Release
from lakehouse.ops import tables
from lakehouse.publish import statements
from lakehouse.publish.emulator import data_file
from lakehouse.runtime.lake import Lake

if TYPE_CHECKING:
    from snowflake.connector.cursor import SnowflakeCursor

LEDGER = "warehouse.lakehouse_releases"
RECORD = "ops.publications"


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """One row of the ledger; the columns are described in its contract."""

    sequence: int
    release_id: str
    release_number: int
    versions: Mapping[str, int]
    row_counts: Mapping[str, int]
    digests: Mapping[str, str]
    published_at: datetime

    def is_of(self, release: Release) -> bool:
        """Whether it published exactly this: a lakehouse begun anew may give the same id to other rows."""
        return self.release_id == release.release_id and dict(self.digests) == dict(release.digests)


def newest(cursor: "SnowflakeCursor", lake: Lake) -> Publication | None:
    """What the warehouse says it holds; None where nothing was published."""
    ledger = lake.table(LEDGER)
    row = cursor.execute(statements.newest_publication(ledger)).fetchone()  # type: ignore[union-attr]
    if row is None:
        return None
    told: dict[str, Any] = {c.name: value for c, value in zip(ledger.columns, row, strict=True)}
    maps = {name: json.loads(told[name]) for name in ("versions", "row_counts", "digests")}
    return Publication(**{**told, **maps, "published_at": told["published_at"].replace(tzinfo=UTC)})


def next_of(release: Release, before: Publication | None) -> Publication:
    """The publication of a release, as the next one."""
    return Publication(
        sequence=before.sequence + 1 if before else 1,
        release_id=release.release_id,
        release_number=release.number,
        versions=dict(release.versions),
        row_counts=dict(release.row_counts),
        digests=dict(release.digests),
        published_at=datetime.now(UTC),
    )


def write(cursor: "SnowflakeCursor", lake: Lake, publication: Publication) -> None:
    """Add its row, within the transaction of the caller."""
    told = asdict(publication)
    values = [json.dumps(value, sort_keys=True) if isinstance(value, dict) else value for value in told.values()]
    values[-1] = publication.published_at.replace(tzinfo=None)  # TIMESTAMP_NTZ, UTC
    cursor.execute(statements.insert_publication(lake.table(LEDGER), list(told)), values)


def record(lake: Lake, publication: Publication) -> None:
    """Note here what is there, so that `status` need not ask the warehouse; nothing where it is noted already."""
    place = lake.settings.warehouse.place
    row = {
        "place": place,
        "sequence": publication.sequence,
        "release_id": publication.release_id,
        "number": publication.release_number,
        "row_counts": dict(publication.row_counts),
        "published_at": publication.published_at,
    }
    if row not in tables.read(lake, RECORD, place=place):
        tables.upsert(lake, RECORD, [row])


def recorded(lake: Lake) -> dict[str, Any] | None:
    """The newest publication to the warehouse of the settings that is on record here, as a row of `ops.publications`.

    None where there is none, or where the local warehouse's files are gone.
    """
    there = lake.settings.warehouse
    if there.kind == "local" and not data_file(lake.home, there.database).is_file():
        return None
    rows = tables.read(lake, RECORD, place=there.place)
    return max(rows, key=lambda row: (row["published_at"], row["sequence"]), default=None)
