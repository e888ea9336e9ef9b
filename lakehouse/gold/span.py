"""What happened to silver between two of its versions, as its log tells.

In: the log of `silver.sales`. Out: the batches that came in between. Guaranteed: where the log does not tell which
rows a commit changed, the span says so; no data is read, and no Spark started.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake
from lakehouse.silver import SALES

HOUSEKEEPING = frozenset(
    {
        *("OPTIMIZE", "VACUUM START", "VACUUM END", "CREATE TABLE", "SET TBLPROPERTIES", "UNSET TBLPROPERTIES"),
        *("ADD CONSTRAINT", "DROP CONSTRAINT", "CLUSTER BY", "UPGRADE PROTOCOL", "CHANGE COLUMN"),
    }
)
"""Operations that leave every row as it is."""

MOST_BATCHES = 5_000
"""Of more, both versions are compared wholly: rows are not looked for by so many ids in one expression."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What happened to silver after version `old`, up to `new`.

    `batches` are the ids written into the rows that came; None where a commit does not say which rows it changed, or
    removed some, or where they are very many, so that both versions must be compared wholly. `updates`: whether any row
    was there before.
    """

    old: int
    new: int
    batches: tuple[str, ...] | None
    updates: bool

    @property
    def empty(self) -> bool:
        """Whether nothing happened to any row."""
        return self.batches == ()


def span_between(lake: Lake, old: int, new: int) -> Span:
    """What silver's log says of the versions after `old`, up to `new`."""
    commits = [c for c in tables.history(lake, SALES, old) or () if c["version"] <= new]
    telling = [c for c in commits if c["operation"] not in HOUSEKEEPING]
    if len(commits) != new - old or not all(_tells_its_rows(commit) for commit in telling):
        return Span(old=old, new=new, batches=None, updates=True)
    updates = any(_metric(commit, "numTargetRowsUpdated") for commit in telling)
    batches = tuple(dict.fromkeys(str(commit["userMetadata"]) for commit in telling))
    return Span(old=old, new=new, batches=batches if len(batches) <= MOST_BATCHES else None, updates=updates)


def _tells_its_rows(commit: Mapping[str, Any]) -> bool:
    """A MERGE of a batch: its rows carry its id, and none was removed."""
    return (
        commit["operation"] == "MERGE"
        and bool(commit.get("userMetadata"))
        and not _metric(commit, "numTargetRowsDeleted")
    )


def _metric(commit: Mapping[str, Any], name: str) -> int:
    return int((commit.get("operationMetrics") or {}).get(name, 0))
