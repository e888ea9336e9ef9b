"""The CSV mutators of the garbage tests: a well-formed file → the same file, damaged in one way.

The file is UTF-8 without mark, with commas, a header, LF or CRLF, and three rows or more. Each mutator is
pure, and tells which of the original rows its damage may touch: all others must come through unharmed.
"""

import codecs
import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import cycle

from tests.csv_parts import (
    DATE,
    DECIMAL,
    IDENTIFIER,
    TEXT,
    ZEROS,
    Damaged,
    Records,
    cells_of,
    change_cell,
    change_columns,
    change_header,
    end_of,
    find,
    quote,
    row_of,
    split_records,
    swallowed,
    with_raw_cell,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutation:
    """What a mutator made of a file.

    Attributes:
        name: The mutator.
        data: The bytes of the damaged file.
        damaged: Original data rows, from 0, that may be changed, quarantined or absent; no other may.
        rejected_file: Whether the file must be rejected as a whole (then every row is in `damaged`).
        note: What was done, in words.
    """

    name: str
    data: bytes
    damaged: frozenset[int]
    rejected_file: bool
    note: str


Mutator = Callable[[bytes], Mutation]
MUTATORS: dict[str, Mutator] = {}


def _register(
    name: str,
    note: str,
    damage: Callable[[Records], tuple[bytes | str, Damaged]],
    *,
    rejected_file: bool = False,
) -> None:
    def mutate(data: bytes) -> Mutation:
        records = split_records(data)
        mutated, damaged = damage(records)
        return Mutation(
            name=name,
            data=mutated if isinstance(mutated, bytes) else mutated.encode("utf-8", "surrogateescape"),
            damaged=frozenset(range(len(records) - 1) if rejected_file else damaged),
            rejected_file=rejected_file,
            note=note,
        )

    MUTATORS[name] = mutate


# What has a function of its own.


def _windows_1252(records: Records) -> tuple[bytes, Damaged]:
    encoded = [record.encode("cp1252", "replace") for record in records]
    pairs = zip(records[1:], encoded[1:], strict=True)
    return b"".join(encoded), [row for row, (was, now) in enumerate(pairs) if now.decode("cp1252") != was]


def _mixed_line_ends(records: Records) -> tuple[str, Damaged]:
    ends = cycle(["\n", "\r\n", "\r"])
    return "".join(record.removesuffix(end_of(record)) + end for record, end in zip(records, ends, strict=False)), []


def _other_width(change: Callable[[list[str]], list[str]], records: Records) -> tuple[str, Damaged]:
    at = len(records) // 2
    row = row_of(change(cells_of(records[at])), end_of(records[at]))
    return "".join([*records[:at], row, *records[at + 1 :]]), [at - 1]


def _open_quote(records: Records) -> tuple[str, Damaged]:
    at, column = find(records, TEXT) or (len(records) // 2, 1)
    opened = with_raw_cell(records, at, column, lambda cell: '"' + cell.replace('"', "'"))
    return "".join(opened), swallowed(opened, at)


def _open_quote_at_the_end(records: Records) -> tuple[str, Damaged]:
    at = len(records) - 1
    opened = with_raw_cell(records, at, len(cells_of(records[at])) - 1, lambda cell: '"' + cell.replace('"', "'"))
    return "".join(opened), swallowed(opened, at)


def _flipping_delimiter(records: Records) -> tuple[str, Damaged]:
    at = len(records) // 2
    flipped = [row_of(cells_of(record), end_of(record), ";") for record in records[at:]]
    return "".join([*records[:at], *flipped]), range(at - 1, len(records) - 1)


def _column_added(records: Records) -> tuple[str, Damaged]:
    rows = [record.removesuffix(end_of(record)) + f",more{end_of(record)}" for record in records]
    return "".join(rows), []


def _blank_rows(records: Records) -> tuple[str, Damaged]:
    end = end_of(records[0])
    commas = "," * (len(cells_of(records[0])) - 1)
    blanks = cycle([end, commas + end, " \u00a0\t" + end])
    return "".join(record + blank for record, blank in zip(records, blanks, strict=False)), []


def _truncated_gzip(records: Records) -> tuple[bytes, Damaged]:
    packed = gzip.compress("".join(records).encode(), mtime=0)
    return packed[: len(packed) // 2], []


def _with_year(year: str, cell: str) -> str:
    return re.sub(r"\d{4}", year, cell, count=1)


def _leap_day(cell: str) -> str:
    """29 February 2011, which never was, in the order of the date that stood there."""
    found = DATE.fullmatch(cell)
    assert found is not None
    mark, rest = found[2], found["time"] or ""
    parts = ["2011", "02", "29"] if len(found[1]) == 4 else ["2", "29", "2011"] if mark == "/" else ["29", "02", "2011"]
    return mark.join(parts) + rest


def _locale_decimal(cell: str) -> str:
    whole, _, decimals = cell.partition(".")
    return f'"{int(whole):,}"'.replace(",", ".")[:-1] + f',{decimals}"'


# The mutators. Encodings and bytes:
for _name, _mark, _codec in (
    ("byte_order_mark", codecs.BOM_UTF8, "utf-8"),
    ("utf_16_little_endian", codecs.BOM_UTF16_LE, "utf-16-le"),
    ("utf_16_big_endian", codecs.BOM_UTF16_BE, "utf-16-be"),
):
    _register(_name, f"{_codec} with byte order mark", lambda r, m=_mark, c=_codec: (m + "".join(r).encode(c), []))
_register("windows_1252", "all in Windows-1252; what it does not know becomes a question mark", _windows_1252)
_register("mixed_line_ends", "LF, CRLF and CR in turn", _mixed_line_ends)
_register("empty_file", "no bytes at all", lambda r: (b"", []), rejected_file=True)
_register("header_only", "no row is left", lambda r: (r[0], range(len(r) - 1)))
_register("truncated_gzip", "the first half of the file's gzip", _truncated_gzip, rejected_file=True)

# Records:
_register("short_row", "a row without its last field", partial(_other_width, lambda cells: cells[:-1]))
_register("long_row", "a row with one field more", partial(_other_width, lambda cells: [*cells, "more"]))
_register("open_quote_in_the_middle", "a field opens a quote and never closes it", _open_quote)
_register("open_quote_on_the_last_line", "the last field opens a quote", _open_quote_at_the_end)
_register("flipping_delimiter", "semicolons from the middle of the file on", _flipping_delimiter)
_register("blank_rows", "after each row an empty line, or one of commas or of blanks", _blank_rows)

# The header:
_register("header_reordered", "the columns in reverse order", lambda r: (change_columns(r, lambda c: c[::-1]), []))
_register(
    "header_in_other_case",
    "names in other letter case",
    lambda r: (change_header(r, lambda c: [n.swapcase() for n in c]), []),
)
_register("column_added", "a column that no source knows", _column_added)
_register(
    "header_renamed",
    "the first column, a required one, has another name",
    lambda r: (change_header(r, lambda c: ["X " + c[0], *c[1:]]), []),
    rejected_file=True,
)
_register(
    "header_doubled",
    "the first column twice",
    lambda r: (change_columns(r, lambda c: [*c, c[0]]), []),
    rejected_file=True,
)
_register(
    "column_missing",
    "without the first column, a required one",
    lambda r: (change_columns(r, lambda c: c[1:]), []),
    rejected_file=True,
)

# One cell of one row: what kind of cell, what is written instead (with the quotes it needs), and why.
for _name, _kind, _write, _note in (
    ("nul_bytes", TEXT, lambda cell: quote(f"{cell}\0\0"), "NUL bytes in a text"),
    ("invalid_utf_8", TEXT, lambda cell: quote(f"{cell}\udcff"), "a byte that is never in UTF-8"),
    ("embedded_newline", TEXT, lambda cell: quote(f"{cell}\nmore"), "a line end in a quoted field"),
    (
        "text_after_closing_quote",
        TEXT,
        lambda cell: f'"{cell.replace(chr(34), "")}"more',
        "a quote closes too early",
    ),
    (
        "quote_open_for_100_lines",
        TEXT,
        lambda cell: '"open' + "\nmore" * 100 + '"',
        "a quoted field of 101 lines",
    ),
    ("megabyte_field", TEXT, lambda cell: "x" * 1_100_000, "a text of more than 1 MB"),
    ("emoji", TEXT, lambda cell: quote(f"{cell} 🛒👩‍👩‍👧"), "characters beyond the basic plane"),
    (
        "right_to_left_text",
        TEXT,
        lambda cell: quote(f"\u202eשלום {cell} مرحبا"),
        "Hebrew, Arabic, an override",
    ),
    ("formula", TEXT, lambda cell: "=cmd|'/C calc'!A0", "a spreadsheet formula"),
    ("locale_decimals", DECIMAL, _locale_decimal, "1.234,56 for 1234.56"),
    ("ambiguous_date", DATE, lambda cell: "01/02/03", "a date that may be read three ways"),
    ("year_1970", DATE, partial(_with_year, "1970"), "a date in 1970"),
    ("year_9999", DATE, partial(_with_year, "9999"), "a date in 9999"),
    ("leap_day_in_a_common_year", DATE, _leap_day, "29 February 2011"),
    ("lost_leading_zeros", ZEROS, lambda cell: cell.lstrip("0"), "an identifier without its leading zeros"),
    ("scientific_identifier", IDENTIFIER, lambda cell: f"{int(cell):.2E}", "an identifier as 1.23E+05"),
):
    _register(_name, _note, partial(change_cell, _kind, _write))
