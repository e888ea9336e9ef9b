"""Rows of gold as Parquet files, from exactly the Delta versions of a release.

In: a table at a version, or what changed between two. Out: files with the published columns, times as UTC without a
zone, and a mark on keys to remove. Guaranteed: by delta-rs, a batch at a time in memory; no file is larger than an
upload should be.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import QueryBuilder

from lakehouse.contract.derive.arrow_schema import ARROW_TYPES
from lakehouse.contract.derive.warehouse_ddl import published_columns
from lakehouse.contract.model import Table
from lakehouse.ops.opening import opened
from lakehouse.publish.statements import GONE
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.refused import batches

FILE_ROWS = 250_000
"""Rows of a file: some 10 to 30 MB of facts."""

LARGEST_SHARE = 3
"""Where more than one row in so many changed, all of them move: to replace all is then quicker."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """Files to load: of all rows, or of those that changed; how many rows and removed keys they hold."""

    files: tuple[Path, ...]
    rows: int
    complete: bool


class _TooManyError(Exception):
    """More changed than is worth moving one by one."""


def export_all(lake: Lake, table: Table, version: int, folder: Path) -> Exported:
    """All rows as of a version."""
    here = opened(lake, table.name, version)
    query = f"SELECT {_columns(table)}, false AS {GONE} FROM now"
    found = batches(lake.store, lake.location(table.name), lambda: QueryBuilder().register("now", here).execute(query))
    files, rows = _written(found, table, folder, None)
    return Exported(files=files, rows=rows, complete=True)


def export_changed(lake: Lake, table: Table, old: int, new: int, folder: Path, most: int) -> Exported | None:
    """Rows of the new version that the old one has not, and keys that the new one has no more.

    Returns:
        None where that would be more than `most` rows, or the old version cannot be read any more.
    """
    with suppress(Exception):  # delta-rs raises just that where a file is gone; to move all is right in any case
        was, now = (opened(lake, table.name, version) for version in (old, new))
        builder = QueryBuilder().register("was", was).register("now", now)
        found = batches(lake.store, lake.location(table.name), lambda: builder.execute(_difference(table)))
        files, rows = _written(found, table, folder, most)
        return Exported(files=files, rows=rows, complete=False)
    return None


def _difference(table: Table) -> str:
    """Rows as the new version has them, then keys that are gone, with NULL in every other column.

    That NULL is of the column's own type: a TIMESTAMP of SQL has nanoseconds, which do not reach the year 9999.
    """
    names = [c.name for c in published_columns(table)]
    other = "\n  AND ".join(f"(was.{name} IS NOT DISTINCT FROM now.{name})" for name in names if name not in table.keys)
    same = " AND ".join(f"was.{key} = now.{key}" for key in table.keys)
    gone = ", ".join(f"was.{n}" if n in table.keys else f"nullif(was.{n}, was.{n}) AS {n}" for n in names)
    return (
        f"SELECT {_columns(table, 'now.')}, false AS {GONE} FROM now LEFT ANTI JOIN was ON {same}\n  AND {other}\n"
        f"UNION ALL\nSELECT {gone}, true AS {GONE} FROM was LEFT ANTI JOIN now ON {same}"
    )


def _columns(table: Table, of: str = "") -> str:
    return ", ".join(f"{of}{c.name}" for c in published_columns(table))


def _schema(table: Table) -> pa.Schema:
    """What the files have: the contract's types, but times without a zone, as TIMESTAMP_NTZ wants them."""
    fields = [pa.field(c.name.upper(), _naive(ARROW_TYPES[c.type])) for c in published_columns(table)]
    return pa.schema([*fields, pa.field(GONE, pa.bool_())])


def _naive(arrow: pa.DataType) -> pa.DataType:
    return pa.timestamp("us") if pa.types.is_timestamp(arrow) else arrow


def _written(
    found: Iterator[pa.RecordBatch], table: Table, folder: Path, most: int | None
) -> tuple[tuple[Path, ...], int]:
    """Write rows; the files and the number of rows."""
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    rows = 0
    for part in _parts(found, _schema(table)):
        rows += part.num_rows
        if most is not None and rows > most:
            raise _TooManyError
        files.append(folder / f"part-{len(files):05d}.parquet")
        pq.write_table(part, files[-1], compression="zstd")
    return tuple(files), rows


def _parts(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Batches put together to tables of a file's size."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        if batch.num_rows:
            held.append(pa.record_batch([c.cast(f.type) for c, f in zip(batch.columns, schema, strict=True)], schema))
        if sum(one.num_rows for one in held) >= FILE_ROWS:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)
