"""The CSV reader: bytes of one file → records (line number, raw text, fields or an error), in file order.

A record is what RFC 4180 says; Python's `csv` with `strict=True` is the oracle. Every physical line belongs
to exactly one record, so nothing is lost: damage costs the records it touches, each with its reason, and no
other. Pure Python, streaming: what is held is one record and at most `MAX_RECORD_LINES` physical lines.
"""

import csv
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple

from lakehouse.bronze.decoding import faithful_bytes, is_undecodable, open_text, readable

__all__ = ["Chunk", "Record", "count_records", "is_blank", "open_text", "read_columns", "read_records"]

MAX_RECORD_LINES = 64
"""A quote still open after this many physical lines counts as never closed."""

# The errors of a record.

UNBALANCED_QUOTE = "unbalanced_quote"
MALFORMED_QUOTE = "malformed_quote"
RAGGED = "ragged"
UNDECODABLE = "undecodable"

_BOM = "\ufeff"
_SEPARATOR = re.compile("[\x1c-\x1f]")

csv.field_size_limit(sys.maxsize)  # the default of 128 KiB would make a long field an error


class Record(NamedTuple):
    """One record of a file.

    A named tuple and no dataclass: one is made per row, and a frozen dataclass costs four times as much.

    Attributes:
        line: Physical line where the record starts, from 1.
        raw: Its text exactly as it stood, inner line ends included, without the final one. Undecodable bytes
            stand as U+FFFD.
        raw_bytes: Its bytes, without the final line end; only where `raw` is not a faithful decoding of them.
        fields: Its fields, `[]` for an empty line; None where there is an error.
        error: None, or one of `unbalanced_quote`, `malformed_quote`, `ragged`, `undecodable`.
    """

    line: int
    raw: str
    raw_bytes: bytes | None
    fields: list[str] | None
    error: str | None


@dataclass(slots=True)
class Chunk:
    """Some successive records, by column: what Arrow wants. Every list has one entry a record.

    Attributes:
        lines, raws, raw_bytes, errors: As in `Record`.
        blanks: Whether the record is a blank row.
        columns: One list a column of the header; None where the record is blank or has an error.
    """

    lines: list[int] = field(default_factory=list)
    raws: list[str] = field(default_factory=list)
    raw_bytes: list[bytes | None] = field(default_factory=list)
    errors: list[str | None] = field(default_factory=list)
    blanks: list[bool] = field(default_factory=list)
    columns: list[list[str | None]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)


def read_records(stream: Iterable[str], encoding: str, delimiter: str, width: int | None = None) -> Iterator[Record]:
    """The records of a file in file order, the header (if any) as an ordinary one.

    A record whose quotes are wrong (text after a closing quote, or a quote still open after
    `MAX_RECORD_LINES` lines or at the end of the file) is rejected by its first physical line; reading goes
    on at the next line.

    Args:
        stream: Physical lines with their ends, as from `open_text`.
        encoding: What the text was decoded from; needed for `raw_bytes` where the stream does not know it.
        delimiter: One character.
        width: The number of fields a record must have; blank rows may have any. None: not checked.
    """
    codec = getattr(stream, "encoding", None) or encoding
    for line, raw, fields, error in _parse(stream, delimiter):
        if not raw.isascii() and is_undecodable(raw):
            yield Record(line, readable(raw), faithful_bytes(raw, codec), None, UNDECODABLE)
        elif width is not None and fields and len(fields) != width and not _all_blank(fields):
            yield Record(line, raw, None, None, RAGGED)
        else:
            yield Record(line, raw, None, fields, error)


def read_columns(
    stream: Iterable[str], encoding: str, delimiter: str, width: int, size: int = 10_000
) -> Iterator[Chunk]:
    """The same records as `read_records`, by column, in chunks of at most `size`; arguments as there."""
    nothing: list[str | None] = [None] * width
    records = read_records(stream, encoding, delimiter, width)
    more = True
    while more:
        chunk = Chunk()
        cells: list[str | None] = []  # flat: a list held for each row would keep the garbage collector busy
        for line, raw, raw_bytes, fields, error in islice(records, size):
            blank = fields is not None and _all_blank(fields)
            chunk.lines.append(line)
            chunk.raws.append(raw)
            chunk.raw_bytes.append(raw_bytes)
            chunk.errors.append(error)
            chunk.blanks.append(blank)
            cells.extend(nothing if blank or fields is None else fields)
        chunk.columns = [cells[column::width] for column in range(width)]
        more = len(chunk) == size
        if chunk.lines:
            yield chunk


def count_records(stream: Iterable[str], delimiter: str) -> int:
    """How many records `read_records` yields for the same lines; lines without a quote are not even split."""
    total = 0
    source = _without_bom(stream)
    for line in source:
        total += 1 if '"' not in line else sum(1 for _ in _parse_quoted(line, source, delimiter))
    return total


def is_blank(record: Record) -> bool:
    """Whether the record is a blank row: nothing but Unicode white space in any field, and no error."""
    return record.fields is not None and _all_blank(record.fields)


def _all_blank(fields: list[str]) -> bool:
    """Whether there is only Unicode white space; Python counts four more separators as such, which are none."""
    return not any(map(str.strip, fields)) and not any(map(_SEPARATOR.search, fields))


def _parse(stream: Iterable[str], delimiter: str) -> Iterator[tuple[int, str, list[str] | None, str | None]]:
    """(line, raw, fields, error) of each record, before width and bytes are checked."""
    number = 1
    source = _without_bom(stream)
    for line in source:
        if '"' not in line:
            # Without a quote a line is a record, and `csv` splits it exactly so (proven by a property test).
            raw = line.rstrip("\r\n")
            yield number, raw, raw.split(delimiter) if raw else [], None
            number += 1
            continue
        for taken, fields, error in _parse_quoted(line, source, delimiter):
            yield number, _strip_end("".join(taken)), fields, error
            number += len(taken)


def _parse_quoted(
    first: str, source: Iterator[str], delimiter: str
) -> Iterator[tuple[list[str], list[str] | None, str | None]]:
    """(physical lines, fields, error) from a line with a quote on, until none read ahead is left."""
    ahead = deque([first])
    while ahead:
        fields: list[str] | None
        error: str | None
        try:  # nearly always the record ends with its line
            fields, error, taken = next(csv.reader((ahead[0],), delimiter=delimiter, strict=True)), None, 1
        except csv.Error:
            fields, error, taken = _parse_long(ahead, source, delimiter)
        yield [ahead.popleft() for _ in range(taken)], fields, error


def _parse_long(ahead: deque[str], source: Iterator[str], delimiter: str) -> tuple[list[str] | None, str | None, int]:
    """(fields, error, number of physical lines) of the record at the head of `ahead`, filled as needed."""
    ran_out = False

    def physical_lines() -> Iterator[str]:
        nonlocal ran_out
        for index in range(MAX_RECORD_LINES):
            if index == len(ahead):
                line = next(source, None)
                if line is None:
                    break
                ahead.append(line)
            yield ahead[index]
        ran_out = True  # the reader wanted one more line: its quote is still open

    reader = csv.reader(physical_lines(), delimiter=delimiter, strict=True)
    try:
        return next(reader), None, reader.line_num
    except csv.Error:
        return None, UNBALANCED_QUOTE if ran_out else MALFORMED_QUOTE, 1


def _strip_end(text: str) -> str:
    """The text without its one final line end."""
    return text[:-2] if text.endswith("\r\n") else text[:-1] if text.endswith(("\n", "\r")) else text


def _without_bom(stream: Iterable[str]) -> Iterator[str]:
    """The lines, the first without a byte order mark."""
    lines = iter(stream)
    first = next(lines, "").removeprefix(_BOM)
    return chain((first,), lines) if first else lines
