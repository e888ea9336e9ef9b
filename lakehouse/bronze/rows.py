"""Landed files as rows: every record of a file with its provenance, read inside Spark tasks, a file a task.

In: landings of one source. Out: a DataFrame with one row per record after the header:
`_landing_id, _line, _raw, _raw_bytes, _error, _blank, _normalised` and one text column per column of the
source, normalised. Guaranteed: no record is left out, whatever is wrong with it. (`fields_again` does it for one
record, without Spark.)
"""

import io
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from lakehouse.bronze.decoding import open_text
from lakehouse.bronze.detect import column_key
from lakehouse.bronze.normalise import changed_columns, normalise
from lakehouse.bronze.records import Chunk, read_columns, read_records
from lakehouse.contract.model import Source
from lakehouse.runtime.storage import Store

if TYPE_CHECKING:  # the ledger takes `LandedFile` from here, without loading Spark
    from pyspark.sql import DataFrame, SparkSession

CHUNK_RECORDS = 20_000

OF_A_RECORD = "_landing_id string, _line bigint, _raw string, _raw_bytes binary, _error string, _blank boolean"


@dataclass(frozen=True, kw_only=True, slots=True)
class LandedFile:
    """What reading a landed file takes: where it is and what was found out when it landed."""

    landing_id: str
    store: Store
    location: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int


def raw_rows(spark: "SparkSession", source: Source, files: Sequence[LandedFile]) -> "DataFrame":
    """The records of the files; columns as the module says."""
    columns = [(c.name, column_key(c.header)) for c in source.columns]
    texts = ", ".join(f"`{name}` string" for name, _ in columns)
    schema = f"{OF_A_RECORD}, _normalised string, {texts}"
    by_id = {file.landing_id: file for file in files}

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for landing_id in batch.column("landing_id").to_pylist():
                yield from _file_rows(by_id[landing_id], columns)

    ids = spark.createDataFrame([(file.landing_id,) for file in files], "landing_id string")
    return ids.repartition(len(files), "landing_id").mapInArrow(read, schema)


def fields_again(file: LandedFile, source: Source, raw: str) -> dict[str, str | None]:
    """The fields of one record by column, as they stand in its raw text; {} where it has none.

    Of a column that the file lacks it is None.
    """
    records = read_records(io.StringIO(raw, newline=""), file.encoding, file.delimiter, len(file.header))
    fields = next((record.fields for record in records), None)
    if not fields:
        return {}
    positions = _positions(file)
    places = {c.name: positions.get(column_key(c.header)) for c in source.columns}
    return {name: None if place is None else fields[place] for name, place in places.items()}


def _positions(file: LandedFile) -> dict[str, int]:
    """Where the columns of a file are, by the names that headers are compared by."""
    return {column_key(name): position for position, name in enumerate(file.header)}


def _file_rows(file: LandedFile, columns: Sequence[tuple[str, str]]) -> Iterator[pa.RecordBatch]:
    """Record batches of one file; a column that the file lacks is NULL throughout."""
    positions = _positions(file)
    with file.store.open_object(file.location) as stream, open_text(stream, file.encoding) as text:
        for chunk in _after_header(
            read_columns(text, file.encoding, file.delimiter, len(file.header), CHUNK_RECORDS), file
        ):
            yield _record_batch(file, chunk, [(name, positions.get(header)) for name, header in columns])


def _after_header(chunks: Iterator[Chunk], file: LandedFile) -> Iterator[Chunk]:
    """The chunks without the header and the blank lines before it."""
    for chunk in chunks:
        past = bisect_right(chunk.lines, file.header_line)
        for values in (chunk.lines, chunk.raws, chunk.raw_bytes, chunk.errors, chunk.blanks, *chunk.columns):
            del values[:past]  # type: ignore[attr-defined]
        yield chunk


def _record_batch(file: LandedFile, chunk: Chunk, columns: Sequence[tuple[str, int | None]]) -> pa.RecordBatch:
    length = len(chunk)
    texts: dict[str, pa.Array] = {}
    masks: dict[str, pa.Array] = {}
    for name, position in columns:
        values = pa.nulls(length, pa.string()) if position is None else pa.array(chunk.columns[position], pa.string())
        texts[name], mask = normalise(values)
        if mask is not None:
            masks[name] = mask
    provenance = {
        "_landing_id": pa.array([file.landing_id] * length, pa.string()),
        "_line": pa.array(chunk.lines, pa.int64()),
        "_raw": pa.array(chunk.raws, pa.string()),
        "_raw_bytes": pa.array(chunk.raw_bytes, pa.binary()),
        "_error": pa.array(chunk.errors, pa.string()),
        "_blank": pa.array(chunk.blanks, pa.bool_()),
        "_normalised": changed_columns(length, masks),
    }
    return pa.RecordBatch.from_pydict({**provenance, **texts})
