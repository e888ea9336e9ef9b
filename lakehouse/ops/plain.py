"""Tables that are no more than their Parquet files, told without Spark.

In: a table and a version. Out: the files and the schema, where they are all that there is to it. Guaranteed: a table
with rows marked as deleted is never told so, nor one of which a query would better leave out files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa

from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake


@dataclass(frozen=True, kw_only=True, slots=True)
class Plain:
    """A table that is no more than its Parquet files: their locations, and its schema as Delta's log has it (JSON)."""

    files: Sequence[str]
    schema: str


PLAIN_BYTES = 32 * 1024**2
"""Up to so many bytes a table is read wholly; of a larger one Delta leaves out the files that a query does not need."""


def plain_files(lake: Lake, table: str, version: int | None) -> Plain | None:
    """A table as of a version as plain files; None where it is empty or large, or has rows marked as deleted."""
    there = tables.opened(lake, table, version)
    added = pa.table(there.get_add_actions())
    if not 0 < sum(added["size_bytes"].to_pylist()) <= PLAIN_BYTES or pa.table(there.deletion_vectors()).num_rows:
        return None
    files = [f"{lake.location(table)}/{unquote(path)}" for path in added["path"].to_pylist()]
    return Plain(files=files, schema=there.schema().to_json())
