"""The parts of a well-formed CSV file, for the mutators: records as they stand, cells, changes to them."""

import csv
import io
import re
from collections.abc import Callable, Iterable
from itertools import islice

Records = list[str]  # header first, each with its line end
Damaged = Iterable[int]  # original data rows, from 0

DATE = re.compile(r"(\d{4}|\d{1,2})([-/.])\d{1,2}[-/.](\d{4}|\d{1,2})(?P<time> .*)?")
DECIMAL = re.compile(r"-?\d+\.\d+")
IDENTIFIER = re.compile(r"\d{3,}")
ZEROS = re.compile(r"0\d+")
TEXT = re.compile(r".*[^\W\d_].*")


def split_records(data: bytes) -> Records:
    """The records of a file: one ends with a line where its quotes are in pairs."""
    records, current = [], ""
    for line in io.StringIO(data.decode(), newline=""):
        current += line
        if current.count('"') % 2 == 0:
            records.append(current)
            current = ""
    return records


def end_of(record: str) -> str:
    return record[len(record.rstrip("\r\n")) :] or "\n"


def cells_of(record: str) -> list[str]:
    return next(csv.reader(io.StringIO(record, newline="")))


def quote(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if re.search('[,;"\r\n]', cell) else cell


def row_of(cells: list[str], end: str, delimiter: str = ",") -> str:
    return delimiter.join(map(quote, cells)) + end


def find(records: Records, kind: re.Pattern[str]) -> tuple[int, int] | None:
    """(record, column) of a cell of the kind: the longest of the first row from the middle on that has one.

    A row on several lines is passed over; so is a text in the first column, which the sources use as a key.
    """
    middle = len(records) // 2
    for at in [*range(middle, len(records)), *range(1, middle)]:
        cells = cells_of(records[at])
        fits = [c for c, cell in enumerate(cells) if kind.fullmatch(cell) and (c or kind is not TEXT)]
        if fits and "\n" not in records[at].rstrip("\r\n"):
            return at, max(fits, key=lambda column: len(cells[column]))
    return None


def with_raw_cell(records: Records, at: int, column: int, change: Callable[[str], str]) -> Records:
    """The records with one cell written as `change` of its text says, without any quoting of ours."""
    cells = cells_of(records[at])
    raw = [change(cell) if c == column else quote(cell) for c, cell in enumerate(cells)]
    return [*records[:at], ",".join(raw) + end_of(records[at]), *records[at + 1 :]]


def change_cell(kind: re.Pattern[str], change: Callable[[str], str], records: Records) -> tuple[str, Damaged]:
    """The file with one cell of the kind changed; as it was where it has none."""
    found = find(records, kind)
    if found is None:
        return "".join(records), []
    at, column = found
    return "".join(with_raw_cell(records, at, column, change)), [at - 1]


def change_columns(records: Records, change: Callable[[list[str]], list[str]]) -> str:
    """The file with the same change made to the cells of every record, the header included."""
    return "".join(row_of(change(cells_of(record)), end_of(record)) for record in records)


def change_header(records: Records, change: Callable[[list[str]], list[str]]) -> str:
    """The file with another header over the same rows."""
    return "".join([row_of(change(cells_of(records[0])), end_of(records[0])), *records[1:]])


def swallowed(records: Records, at: int) -> Damaged:
    """The rows that a quote left open in record `at` takes with it, where a later one happens to close it."""
    lines = [*islice(io.StringIO("".join(records[at:]), newline=""), 64)]
    reader = csv.reader(lines, strict=True)
    try:
        next(reader)
    except csv.Error:
        return [at - 1]
    taken, rows = 0, []
    for row, record in enumerate(records[at:], at - 1):
        if taken < reader.line_num:
            rows.append(row)
        taken += len([*io.StringIO(record, newline="")])
    return rows
