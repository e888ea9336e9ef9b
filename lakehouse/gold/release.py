"""Releases: which versions of gold's tables belong together.

In: rows of `ops.releases`. Out: frozen `Release`s, and the tables of one. Guaranteed: a reader that comes through
here sees the newest complete release and nothing of one under way; what was begun is known after a kill.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lakehouse.contract.derive.delta_table import RETENTION
from lakehouse.contract.model import Table
from lakehouse.errors import UsageError
from lakehouse.ops import tables
from lakehouse.ops.spark import table_at
from lakehouse.runtime.lake import Lake

if TYPE_CHECKING:  # a release is looked at without loading Spark
    from pyspark.sql import DataFrame, SparkSession

    from lakehouse.quality.digest import Digest

TABLE = "ops.releases"
BUILDING, COMPLETE, REFUSED = "building", "complete", "refused"
FULL, STEP = "full", "step"
FACT = "gold.fact_sales"
GOLD_TABLES = ("gold.dim_customer", "gold.dim_product", "gold.dim_store", "gold.dim_date", FACT)
"""All of them, facts last."""

RETENTION_DAYS = int(RETENTION.split()[1])
RULES_VERSION = 2
"""Raised when the code makes other rows of the same silver: the next release is then built from nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """One row of `ops.releases`; the columns are described in its contract."""

    release_id: str
    number: int
    kind: str
    rule_fingerprint: str
    silver_version: int
    previous: str | None = None
    status: str = BUILDING
    reason: str | None = None
    versions: Mapping[str, int] = field(default_factory=dict)
    row_counts: Mapping[str, int] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, int] = field(default_factory=dict)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    completed_at: datetime | None = None

    @property
    def expired(self) -> bool:
        """Whether the retention of its versions may have passed."""
        return datetime.now(UTC) - self.created_at > timedelta(days=RETENTION_DAYS)

    def digest(self, table: str) -> "Digest":
        """The digest of one of its tables."""
        from lakehouse.quality.digest import Digest

        rows, total = self.digests[table].split("-")
        return Digest(rows=int(rows), sum=int(total, 16))


def intended(lake: Lake, base: Release | None, silver_version: int, kind: str) -> Release:
    """The release that follows from a base and a version of silver: the same in whatever process it is built."""
    fingerprint = rule_fingerprint(lake)
    number = base.number + 1 if base else 1
    told = f"{number}|{base.release_id if base else ''}|{silver_version}|{fingerprint}|{kind}"
    return Release(
        release_id=f"r{number:05d}-{hashlib.sha256(told.encode()).hexdigest()[:12]}",
        number=number,
        kind=kind,
        rule_fingerprint=fingerprint,
        silver_version=silver_version,
        previous=base.release_id if base else None,
    )


def rule_fingerprint(lake: Lake) -> str:
    """A short hash of what gold follows from beside silver: code, contracts and calendar."""
    contracts = [[*_rules(lake.table(name)), lake.catalog.natural_key(name)] for name in GOLD_TABLES]
    told = [RULES_VERSION, contracts, lake.settings.calendar.model_dump()]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _rules(table: Table) -> list[Any]:
    columns = [{k: v for k, v in asdict(c).items() if k not in ("description", "tags")} for c in table.columns]
    return [table.name, columns, table.track_history]


def write(lake: Lake, release: Release) -> None:
    """Insert or replace the row of a release."""
    tables.upsert(lake, TABLE, [asdict(release)])


def completed(release: Release) -> Release:
    """The release, complete."""
    return replace(release, status=COMPLETE, completed_at=datetime.now(UTC))


def releases(lake: Lake) -> list[Release]:
    """All releases, in their order."""
    found = [Release(**row) for row in tables.read(lake, TABLE)]
    return sorted(found, key=lambda one: (one.number, one.created_at))


def newest(lake: Lake) -> Release | None:
    """The newest complete release: what readers see."""
    complete = [one for one in releases(lake) if one.status == COMPLETE]
    return complete[-1] if complete else None


def is_new(release: Release | None, before: Release | None) -> bool:
    """Whether a release is another one than there was before."""
    return release is not None and (before is None or release.release_id != before.release_id)


def under_way(lake: Lake) -> Release | None:
    """The release that a killed run began, where one did."""
    building = [one for one in releases(lake) if one.status == BUILDING]
    return building[-1] if building else None


def find(lake: Lake, named: str) -> Release:
    """The complete release of that id, beginning of an id, or number.

    Raises:
        UsageError: there is none, or several begin so.
    """
    complete = [one for one in releases(lake) if one.status == COMPLETE]
    found = [one for one in complete if named == str(one.number) or one.release_id.startswith(named)]
    if len(found) != 1:
        told = "no release" if not found else f"{len(found)} releases"
        raise UsageError(f"{told} named {named!r}: `lakehouse releases` lists their numbers")
    return found[0]


def read_table(spark: "SparkSession", lake: Lake, release: Release, table: str) -> "DataFrame":
    """A table as of a release."""
    return table_at(spark, lake, table, release.versions[table])
