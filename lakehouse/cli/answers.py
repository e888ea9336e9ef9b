"""Answers of the warehouse, written: a table, CSV, JSON or Parquet.

In: columns and batches of rows. Out: standard output or a file. Guaranteed: a decimal keeps its digits (in JSON it is
text), a time is ISO 8601, NULL is empty in CSV; a file is there whole or not at all; batch by batch in memory, but for
the table.
"""

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lakehouse.cli.show import bars, exact, plain, sentence, table
from lakehouse.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from lakehouse.publish.question import Answer

LOOKED_FOR = (
    ("schema_name", "name", "kind", "rows", "comment"),
    ("name", "type", "null?", "comment"),
)
"""What a person looks for in SHOW TABLES and in DESCRIBE TABLE, told by the names of their columns."""

Rows = Iterator[list[tuple[Any, ...]]]


def write(answer: "Answer", form: str, most: int | None, output: Path | None) -> bool:
    """Write at most so many rows; whether there were more."""
    rows = _Cut(answer.batches, most)
    names = [column.name for column in answer.columns]
    if form == "table":
        _table(names, [row for batch in rows for row in batch])
    elif form == "bars":
        bars("", names, (row for batch in rows for row in batch))
    else:
        with _target(output) as target:
            _WRITERS[form](answer, iter(rows), target)
    return rows.cut


def _table(names: list[str], rows: list[tuple[Any, ...]]) -> None:
    """A table; of a listing that is too wide to be read, what a person looks for, and how to have the rest."""
    kept = next((wanted for wanted in LOOKED_FOR if set(wanted) < set(names)), names)
    places = [names.index(name) for name in kept] if kept is not names else range(len(names))
    table("", kept, [[row[place] for place in places] for row in rows], told=exact)
    if len(kept) < len(names):
        sentence(f"{len(kept)} of {len(names)} columns: --format csv or json has them all")


class _Cut:
    """Batches up to a number of rows; afterwards `cut` says whether there were more."""

    def __init__(self, batches: Rows, most: int | None) -> None:
        self._batches, self._left, self.cut = batches, most, False

    def __iter__(self) -> Rows:
        for batch in self._batches:
            self.cut = self._left is not None and len(batch) > self._left
            kept = batch[: self._left]
            if kept:
                yield kept
            if self._left is not None:
                self._left -= len(kept)
            if self.cut:
                return


@contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that gets its name when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        os.replace(part, output)
    finally:
        part.unlink(missing_ok=True)


def _csv(answer: "Answer", rows: Rows, target: IO[bytes]) -> None:
    with _text(target) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column.name for column in answer.columns])
        for batch in rows:
            writer.writerows([[_iso(value) for value in row] for row in batch])


def _json(answer: "Answer", rows: Rows, target: IO[bytes]) -> None:
    names = [column.name for column in answer.columns]
    with _text(target) as text:
        text.write("[")
        between = "\n"
        for row in (row for batch in rows for row in batch):
            told = json.dumps(dict(zip(names, row, strict=True)), default=plain, ensure_ascii=False)
            text.write(f"{between}{told}")
            between = ",\n"
        text.write("\n]\n")


def _parquet(answer: "Answer", rows: Rows, target: IO[bytes]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from lakehouse.publish.question import arrow_schema_of

    schema = arrow_schema_of(answer)
    with pq.ParquetWriter(target, schema) as writer:
        for batch in rows:
            columns = zip(*batch, strict=True)
            arrays = [_array(list(values), field) for values, field in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _array(values: list[Any], field: "pa.Field") -> "pa.Array":
    import pyarrow as pa

    try:
        return pa.array(values, field.type)
    except (OverflowError, pa.ArrowInvalid) as error:
        raise UsageError(
            f"{field.name} has a number that Parquet's {field.type} does not hold: cast it to VARCHAR in the query"
        ) from error


_WRITERS: dict[str, Callable[["Answer", Rows, IO[bytes]], None]] = {
    "csv": _csv,
    "json": _json,
    "parquet": _parquet,
}


@contextmanager
def _text(target: IO[bytes]) -> Iterator[IO[str]]:
    text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
    try:
        yield text
    finally:
        text.detach()


def _iso(value: object) -> object:
    """A value as CSV has it: `true` and `false`, times as ISO 8601, NULL as nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime | date) else value
