"""Tables that are no more than their Parquet files, told without Spark.

In: a table and a version. Out: the files and the schema, where they are all that there is to it. Guaranteed: a table
with rows marked as deleted is never told so, nor one of which a query would better leave out files.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.ops.opening import opened
from lakehouse.runtime.lake import Lake


@dataclass(frozen=True, kw_only=True, slots=True)
class Plain:
    """A table that is no more than its Parquet files: their locations, and its schema as Delta's log has it (JSON)."""

    files: Sequence[str]
    schema: str


PLAIN_BYTES = 32 * 1024**2
"""Up to so many bytes a table is read wholly; of a larger one Delta leaves out the files that a query does not need."""


MOST_FILES = 32
"""So many files are looked up one by one; of more, Spark would do so in a query of its own."""


def is_read_wholly(lake: Lake, table: str) -> bool:
    """Whether a table is so small that who looks for rows may as well read all of it."""
    return _bytes(opened(lake, table)) <= PLAIN_BYTES


def plain_files(lake: Lake, table: str, version: int | None) -> Plain | None:
    """A table as of a version as plain files; None where it is empty or large, or has rows marked as deleted."""
    there = opened(lake, table, version)
    if not 0 < _bytes(there) <= PLAIN_BYTES or pa.table(there.deletion_vectors()).num_rows:
        return None
    return _plain(lake, table, there, pa.table(there.get_add_actions())["path"].to_pylist())


def files_where(lake: Lake, table: str, may_hold: Callable[[Mapping[str, Any]], bool]) -> Plain | None:
    """The files of a table that may hold what is wanted, by what its log tells of each.

    None where there are none, or many, or rows of the table are marked as deleted: Delta finds them as well then.

    Args:
        may_hold: is told of a file what `DeltaTable.get_add_actions(flatten=True)` tells, but for moments, which may be
            none that Python has; a value that is missing or None is not known.
    """
    there = opened(lake, table)
    added = pa.table(there.get_add_actions(flatten=True))
    told = [field.name for field in added.schema if not pa.types.is_timestamp(field.type)]
    paths = [file["path"] for file in added.select(told).to_pylist() if may_hold(file)]
    if not 0 < len(paths) <= MOST_FILES or pa.table(there.deletion_vectors()).num_rows:
        return None
    return _plain(lake, table, there, paths)


def files_since(lake: Lake, table: str, old: int, new: int) -> Plain | None:
    """The files that a table has got between two versions, of which the log has every commit.

    None where there are none; where they have rows marked as deleted; or where the table is so small that who looks for
    rows may as well read it wholly.
    """
    there = opened(lake, table, new)
    if _bytes(there) <= PLAIN_BYTES:
        return None
    came: set[str] = set()
    marked: set[str] = set()
    for version in range(old + 1, new + 1):
        added, removed = _commit(lake, table, version)
        again = {path for path, has_marks in added.items() if has_marks and path in came | marked}
        came = (came - removed) | {path for path, has_marks in added.items() if not has_marks}
        marked = (marked - removed) | again
    if marked or not came:
        return None
    return _plain(lake, table, there, sorted(came))


def _plain(lake: Lake, table: str, there: DeltaTable, paths: Sequence[str]) -> Plain:
    files = [f"{lake.location(table)}/{unquote(path)}" for path in paths]
    return Plain(files=files, schema=there.schema().to_json())


def _bytes(there: DeltaTable) -> int:
    return sum(pa.table(there.get_add_actions())["size_bytes"].to_pylist())


def _commit(lake: Lake, table: str, version: int) -> tuple[dict[str, bool], set[str]]:
    """What a commit added, with whether rows of it are marked as deleted, and what it removed, as Delta's log says.

    Source: the Delta Transaction Log Protocol, "Add File and Remove File".
    """
    added, removed = {}, set()
    with lake.store.open_object(f"{lake.location(table)}/_delta_log/{version:020}.json") as log:
        for action in map(json.loads, log):
            if "add" in action:
                added[action["add"]["path"]] = action["add"].get("deletionVector") is not None
            elif "remove" in action:
                removed.add(action["remove"]["path"])
    return added, removed
