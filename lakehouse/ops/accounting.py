"""The accounting of batches: every row that came in, in exactly one class (promise 2).

In: what a batch counted. Out: rows of `ops.row_accounting`. Guaranteed: an accounting whose equation does not
close cannot be made; `prepared` is written before silver changes, `done` after.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from lakehouse.errors import JobError
from lakehouse.ops import tables
from lakehouse.ops.asking import ask
from lakehouse.ops.spans import Spans, spans_of
from lakehouse.ops.sql import equal_to
from lakehouse.runtime.lake import Lake

TABLE = "ops.row_accounting"

CSV, EVENTS, REPLAY = "csv", "events", "replay"
"""Kinds of batches: a landed file; messages of a topic; messages judged again, because somebody asked for it."""

PREPARED, DONE, HELD, ACCEPTED = "prepared", "done", "held", "accepted"
"""Classified, not yet merged; all done; held by a gate; held once, accepted since, and not yet begun again."""


CLASSES = (
    "blank",
    "quarantined",
    "regressed",
    "duplicate",
    "stale",
    "inserted",
    "tombstoned",
    "deleted",
    "revived",
    "refreshed",
    "updated",
)
"""Every row that comes in is in exactly one of these."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accounting:
    """One row of `ops.row_accounting`; the columns are described in its contract."""

    batch_id: str
    kind: str
    source: str
    landing_id: str | None = None
    topic: str | None = None
    offsets: str | None = None
    generation: int
    rule_fingerprint: str
    rows_in: int
    silver_version: int
    classes: Mapping[str, int]
    conflicts: int = 0
    normalised: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    status: str = PREPARED
    reason: str | None = None
    merged_version: int | None = None
    prepared_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    done_at: datetime | None = None

    def __post_init__(self) -> None:
        """Raises JobError where the rows of the classes are not the rows that came in."""
        total = sum(self.classes.get(name, 0) for name in CLASSES)
        if total != self.rows_in:
            raise JobError(
                f"the accounting of batch {self.batch_id} does not close: {self.rows_in} rows in, {total} in "
                "classes; silver is as before; this is a defect, please report it"
            )

    def row(self) -> dict[str, Any]:
        """The row of the table."""
        told = {key: value for key, value in asdict(self).items() if key != "classes"}
        return told | {name: self.classes.get(name, 0) for name in CLASSES}

    @property
    def passes(self) -> bool:
        """Whether somebody accepted the batch: only then a reason outlives `held`."""
        return self.status == ACCEPTED or (self.status != HELD and self.reason is not None)

    @property
    def about(self) -> str:
        """The landing, or the topic with the offsets."""
        return self.landing_id or f"{self.topic} {self.offsets}"

    @property
    def spans(self) -> Spans | None:
        """The messages the batch is about; None where it is about a landing."""
        return None if self.topic is None or self.offsets is None else spans_of(self.topic, self.offsets)

    def closed(self, merged_version: int | None) -> "Accounting":
        """The same batch, done."""
        return replace(self, status=DONE, merged_version=merged_version, done_at=datetime.now(UTC))


def accounting_of(row: Mapping[str, Any]) -> Accounting:
    """An accounting from its row."""
    told = {key: value for key, value in row.items() if key not in CLASSES}
    return Accounting(**told, classes={name: row[name] for name in CLASSES})


def batch_id_of(kind: str, subject: str, generation: int) -> str:
    """The id of a batch: the same work has the same id, in whatever process it is done."""
    return hashlib.sha256(f"{kind}|{subject}|{generation}".encode()).hexdigest()[:24]


def write(lake: Lake, accounting: Accounting) -> None:
    """Insert or replace the accounting of a batch."""
    tables.upsert(lake, TABLE, [accounting.row()])


def read(lake: Lake, **equal: Any) -> list[Accounting]:
    """The accountings whose columns equal the values given, by batch id."""
    return [accounting_of(row) for row in tables.read(lake, TABLE, **equal)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Total:
    """What batches came to: rows that came in, those kept out, and when the last was done."""

    rows_in: int = 0
    quarantined: int = 0
    done_at: datetime | None = None


NOTHING = Total()


def totals(lake: Lake, **equal: str) -> dict[str, Total]:
    """By topic what the batches of messages came to whose columns equal the texts given.

    Without Python's reading of each, as `ends` does it.
    """
    sums = "sum(rows_in) AS rows_in, sum(quarantined) AS quarantined, max(done_at) AS done_at"
    rows = ask(lake, TABLE, f"SELECT topic, {sums} FROM t WHERE topic IS NOT NULL AND {equal_to(equal)} GROUP BY topic")
    return {row.pop("topic"): Total(**row) for row in rows}


def ends(lake: Lake, **equal: str) -> dict[int, int]:
    """By partition the offset after the last one of the batches whose columns equal the texts given.

    Without Python's reading of each: a stream asks for it at every batch, and its batches are many.
    """
    spans = f"SELECT unnest(string_to_array(offsets, ' ')) AS span FROM t WHERE {equal_to(equal)}"
    last = "max(CAST(split_part(split_part(span, ':', 2), '-', 2) AS BIGINT))"
    number = "CAST(split_part(span, ':', 1) AS INT)"
    rows = ask(lake, TABLE, f"SELECT {number} AS number, {last} AS last FROM ({spans}) GROUP BY 1")
    return {row["number"]: row["last"] + 1 for row in rows}
