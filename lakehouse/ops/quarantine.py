"""The books of what was kept out, written where it can be found again.

In: files of rejected rows. Out: rows of `ops.quarantine`. Guaranteed: one commit a batch that replaces whatever an
earlier, killed attempt at the same batch wrote; nothing else in the table changes; no Spark is loaded.
"""

from collections.abc import Collection, Iterable

from lakehouse.ops import tables
from lakehouse.ops.spans import Spans
from lakehouse.ops.sql import quoted
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.parquet import parquet_batches

TABLE = "ops.quarantine"
OPEN, WAIVED, REPLAYED, WITHDRAWN = "open", "waived", "replayed", "withdrawn"
"""Kept out; kept out for good, as somebody said; accepted by a replay since; of a landing that was taken back."""

QUOTE = '"'
"""What names stand in, in the SQL of delta-rs."""


def of_landing(landing_id: str) -> str:
    """SQL: the rows of a landing."""
    return f"landing_id = {quoted(landing_id)}"


def of_messages(spans: Spans) -> str:
    """SQL: the rows of messages."""
    return f"topic = {quoted(spans.topic)} AND ({spans.within(QUOTE)})"


def has_rows(lake: Lake, those: str) -> bool:
    """Whether an earlier attempt or generation left any of those rows."""
    return tables.has_rows(lake, TABLE, those)


def store(lake: Lake, rejected: str, those: str) -> None:
    """Put the rows staged at `rejected` into the table, in place of what an earlier attempt or generation left."""
    tables.replace(lake, TABLE, parquet_batches(lake.scratch, rejected), those)


def withdraw(lake: Lake, landing_ids: Collection[str]) -> None:
    """Mark the rows of landings that are taken back."""
    tables.update(lake, TABLE, {"status": WITHDRAWN}, landing_id=landing_ids)


def kept_out(lake: Lake, source: str) -> list[tuple[str, int]]:
    """Landing and line of the rows of files of a source that were never accepted."""
    rows = tables.read(lake, TABLE, ["landing_id", "line", "status"], source=source)
    never = (row for row in rows if row["status"] in (OPEN, WAIVED))
    return [(row["landing_id"], row["line"]) for row in never if row["landing_id"] is not None]


def messages_kept_out(lake: Lake, topic: str) -> list[tuple[int, int]]:
    """Partition and offset of the messages of a topic that were never accepted."""
    rows = tables.read(lake, TABLE, ["partition", "offset", "status"], topic=topic)
    return [(row["partition"], row["offset"]) for row in rows if row["status"] in (OPEN, WAIVED)]


def replayed(lake: Lake, topic: str, messages: Iterable[tuple[int, int]]) -> None:
    """Mark messages that were kept out, by partition and offset, as accepted since; in one commit."""
    offsets: dict[int, list[int]] = {}
    for partition, offset in messages:
        offsets.setdefault(partition, []).append(offset)
    those = (
        f"(partition = {number} AND {QUOTE}offset{QUOTE} IN ({', '.join(map(str, of))}))"
        for number, of in sorted(offsets.items())
    )
    if offsets:
        where = f"topic = {quoted(topic)} AND ({' OR '.join(those)})"
        tables.update_where(lake, TABLE, {"status": REPLAYED}, where)
