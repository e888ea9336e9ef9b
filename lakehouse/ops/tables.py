"""The small tables of `ops`, written and read without Spark.

In: rows as dictionaries, by column. Out: Delta tables that Spark and everyone else can read, too.
Guaranteed: each call is one commit; rows are upserted by the keys of the contract, so that saying
something twice changes nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa
from arro3.core import RecordBatchReader
from deltalake import DeltaTable, QueryBuilder, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from lakehouse.contract.derive.arrow_schema import arrow_schema
from lakehouse.ops.opening import opened, opened_or_created
from lakehouse.ops.sql import any_of, equal_to, quoted
from lakehouse.runtime.held import check_held
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.parquet import write_parquet
from lakehouse.runtime.refused import batches, in_our_words

Row = dict[str, Any]


@contextmanager
def _committing(lake: Lake, table: str) -> Iterator[DeltaTable]:
    """The table, to be written to in one commit under the leases that this process holds, if it holds any."""
    check_held()
    with in_our_words(lake.store, lake.location(table)):
        there = opened_or_created(lake, table)
        yield there
        _tidy(there)


def upsert(lake: Lake, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or replace those with the same keys, in one commit; columns left out are NULL.

    Where another commit came between it is made once more: under a lease that is our own, whose answer was lost.
    """
    if not rows:
        return
    try:
        _merge(lake, table, rows)
    except CommitFailedError:
        _merge(lake, table, rows)


def _merge(lake: Lake, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    contract = lake.table(table)
    batch = _arrow(arrow_schema(contract), rows)
    same = " AND ".join(f"t.{key} = s.{key}" for key in contract.keys)
    with _committing(lake, table) as there:
        (
            there.merge(batch, same, source_alias="s", target_alias="t")
            .when_matched_update_all()
            .when_not_matched_insert_all()
            .execute()
        )


def append(lake: Lake, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows whose keys are new, in one commit."""
    if rows:
        with _committing(lake, table) as there:
            write_deltalake(there, _arrow(arrow_schema(lake.table(table)), rows), mode="append")


def replace(lake: Lake, table: str, batches: pa.RecordBatchReader, where: str) -> None:
    """Put rows in place of those a condition holds for, in one commit; a batch at a time in memory."""
    schema = arrow_schema(lake.table(table))
    rows = (pa.table(batch).cast(schema).to_batches() for batch in batches)
    reader = pa.RecordBatchReader.from_batches(schema, (part for parts in rows for part in parts))
    with _committing(lake, table) as there:
        write_deltalake(there, reader, mode="overwrite", predicate=where)


def update(lake: Lake, table: str, values: Mapping[str, str], **among: Collection[str]) -> None:
    """Set columns to texts in the rows where others have one of the texts given, in one commit; none where none is."""
    if among and all(among.values()):
        update_where(lake, table, values, any_of(among))


def update_where(lake: Lake, table: str, values: Mapping[str, str], where: str) -> None:
    """Set columns to texts in the rows that a condition holds for, in one commit; none where there is no table."""
    if version(lake, table) is not None:
        with _committing(lake, table) as there:
            there.update({name: quoted(value) for name, value in values.items()}, predicate=where)


def has_rows(lake: Lake, table: str, where: str) -> bool:
    """Whether a condition holds for any row."""
    try:
        there = opened(lake, table)
    except TableNotFoundError:
        return False
    return bool(_found(lake, table, there, [lake.table(table).columns[0].name], where).num_rows)


def count_by(lake: Lake, table: str, column: str, **among: Collection[str]) -> dict[Any, int]:
    """How many rows each value of a column has, where others have one of the texts given."""
    try:
        there = opened(lake, table)
    except TableNotFoundError:
        return {}
    return Counter(_found(lake, table, there, [column], any_of(among))[column].to_pylist())


def read(lake: Lake, table: str, columns: Sequence[str] = (), **equal: Any) -> list[Row]:
    """The rows whose columns equal the values given, in the order of their keys; [] where there is no table."""
    try:
        there = opened(lake, table)
    except TableNotFoundError:
        return []
    contract = lake.table(table)
    wanted = [*dict.fromkeys((*columns, *equal))] if columns else [c.name for c in contract.columns]
    schema = arrow_schema(contract)
    found = _found(lake, table, there, wanted, equal_to(equal)).cast(pa.schema([schema.field(name) for name in wanted]))
    rows = found.select(list(columns) or found.column_names).to_pylist(maps_as_pydicts="strict")
    keys = [key for key in contract.keys if not columns or key in columns]
    return sorted(rows, key=lambda row: tuple((row[key] is not None, row[key]) for key in keys))


AT_A_TIME = 1_000
"""So many texts are asked for in one expression."""


def among(lake: Lake, table: str, columns: Sequence[str], name: str, texts: Sequence[str], **equal: str) -> list[Row]:
    """Columns of the rows where one has any of the texts, and others equal theirs; [] where there is no table.

    The texts are asked for some at a time: an expression of some ten thousand is more than the engine's stack holds.
    """
    try:
        there = opened(lake, table)
    except TableNotFoundError:
        return []
    others = {other: [text] for other, text in equal.items()}
    parts = (texts[start : start + AT_A_TIME] for start in range(0, len(texts), AT_A_TIME))
    found = (_found(lake, table, there, columns, any_of({name: part, **others})) for part in parts)
    return [row for part in found for row in part.to_pylist()]


def copy(lake: Lake, table: str, version: int, location: str, **among: Collection[str]) -> None:
    """Write a table as of a version to Parquet files, a batch at a time in memory.

    For what Spark reads several times: each of its reads of a Delta table works out anew which files there are.

    Args:
        among: only the rows where these columns have one of the texts given.
    """
    there, contract = opened(lake, table, version), arrow_schema(lake.table(table))
    rows = batches(lake.store, lake.location(table), lambda: _scan(there, contract.names, any_of(among)))
    write_parquet(lake.scratch, location, contract, rows)


def history(lake: Lake, table: str, since: int) -> Sequence[Row] | None:
    """The commits of a table after version `since`, newest first, as Delta tells them; None where there is no table."""
    try:
        there = opened(lake, table)
    except TableNotFoundError:
        return None
    with in_our_words(lake.store, lake.location(table)):
        return there.history(limit=max(there.version() - since, 0) or None) if there.version() > since else []


def commit_of(lake: Lake, table: str, commit_id: str, since: int) -> Row | None:
    """The commit after version `since` that carries an id; None without one."""
    return next((c for c in history(lake, table, since) or () if c.get("userMetadata") == commit_id), None)


def version(lake: Lake, table: str) -> int | None:
    """The newest version of a table; None where there is no table."""
    try:
        return opened(lake, table).version()
    except TableNotFoundError:
        return None


MOST_FILES = 8
"""So many files a table may have: each of its readers opens them all."""


def _tidy(there: DeltaTable) -> None:
    """Put the rows into one file where there are many; whoever loses against another writer leaves it to the next."""
    if len(there.file_uris()) > MOST_FILES:
        check_held()
        with suppress(CommitFailedError):
            there.optimize.compact()


def _found(lake: Lake, table: str, there: DeltaTable, columns: Iterable[str], where: str = "") -> pa.Table:
    """Columns of a table, all of them in memory."""
    with in_our_words(lake.store, lake.location(table)):
        return pa.table(_scan(there, columns, where))


def _scan(there: DeltaTable, columns: Iterable[str], where: str = "") -> RecordBatchReader:
    """Columns of a table, by delta-rs alone.

    Not by pyarrow: its threads, calling the file system of delta-rs, can abort a process that ends soon after, and
    it cannot read deletion vectors.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    return QueryBuilder().register("t", there).execute(f"SELECT {names} FROM t WHERE {where or 'true'}")


def _arrow(schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    unknown = {name for row in rows for name in row} - set(schema.names)
    if unknown:
        raise ValueError(f"no such columns: {sorted(unknown)}")
    columns = [pa.array([_value(field, row.get(field.name)) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _value(field: pa.Field, value: Any) -> Any:
    """A map is given as a dictionary and wanted as pairs."""
    return sorted(value.items()) if pa.types.is_map(field.type) and value is not None else value
