"""Withdrawals: which landings were taken back, and how often.

In: rows of `ops.withdrawals`. Out: frozen `Withdrawal`s. Guaranteed: the same request for a withdrawal has the same
id until it is done, so that a killed one is found again.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from lakehouse.ops import tables
from lakehouse.ops.accounting import DONE, PREPARED, batch_id_of
from lakehouse.runtime.lake import Lake

TABLE = "ops.withdrawals"
KIND = "withdrawal"


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    """One row of `ops.withdrawals`; the columns are described in its contract."""

    withdrawal_id: str
    source: str
    landing_ids: tuple[str, ...]
    silver_version: int
    restored: int
    removed: int
    deleted: int = 0
    status: str = PREPARED
    merged_version: int | None = None
    prepared_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    done_at: datetime | None = None

    def closed(self, merged_version: int | None) -> "Withdrawal":
        """The same withdrawal, done."""
        return replace(self, status=DONE, merged_version=merged_version, done_at=datetime.now(UTC))


def write(lake: Lake, withdrawal: Withdrawal) -> None:
    """Insert or replace the row of a withdrawal."""
    tables.upsert(lake, TABLE, [asdict(withdrawal)])


def read(lake: Lake, **equal: Any) -> list[Withdrawal]:
    """The withdrawals whose columns equal the values given."""
    rows = tables.read(lake, TABLE, **equal)
    return [Withdrawal(**{**row, "landing_ids": tuple(row["landing_ids"])}) for row in rows]


def next_id(lake: Lake, source: str, landing_ids: Iterable[str]) -> str:
    """The id of a withdrawal that is to come: of these landings, after so many of the source."""
    return batch_id_of(KIND, ",".join(sorted(landing_ids)), len(read(lake, source=source, status=DONE)))


def generations(lake: Lake) -> Counter[str]:
    """How often each landing was taken back; 0 for one that never was."""
    return Counter(landing_id for one in read(lake, status=DONE) for landing_id in one.landing_ids)
