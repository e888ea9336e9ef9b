"""The oracle of CSV reading: bytes flow in; records with line number, raw text, and fields or error flow out.

Every physical line is in exactly one record. Reading is Python's `csv` in strict mode, one reader a record
over at most 64 physical lines, so that the rule about open quotes can be read off the code.
"""

import codecs
import csv
import io
import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

MAX_LINES = 64
# Unicode property White_Space. Not str.isspace(), which adds the separators U+001C..U+001F.
WHITE_SPACE = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
SURROGATE = re.compile("[\ud800-\udfff]")


class Record(NamedTuple):
    """One CSV record: number of its first physical line, text without the last line end, fields or error."""

    line: int
    raw: str
    fields: list[str]
    error: str | None


def decode(data: bytes, encoding: str) -> str:
    """The text without byte order mark; bytes that cannot be decoded become surrogates, as no text has."""
    name = codecs.lookup(encoding).name
    if not name.startswith("utf-16"):
        return data.decode(name, "surrogateescape").removeprefix("\ufeff")
    even = len(data) // 2 * 2
    return data[:even].decode(name, "surrogatepass").removeprefix("\ufeff") + "\udc80" * (len(data) - even)


def records(text: str, delimiter: str) -> Iterator[Record]:
    """All records of a text; one with a malformed quote, or open after 64 lines, ends with its first line."""
    csv.field_size_limit(sys.maxsize)
    lines = list(io.StringIO(text, newline=""))
    at, damaged = 0, SURROGATE.search(text) is not None
    while at < len(lines):
        reader = csv.reader(lines[at : at + MAX_LINES], delimiter=delimiter, strict=True)
        fields, error, taken = [], None, 1
        try:
            fields = next(reader)
            taken = reader.line_num
        except csv.Error as problem:
            error = "unbalanced_quote" if "unexpected end of data" in str(problem) else "malformed_quote"
        raw = "".join(lines[at : at + taken]).removesuffix("\n").removesuffix("\r")
        if error is None and damaged and SURROGATE.search(raw):
            error = "undecodable"
        yield Record(at + 1, raw, fields, error)
        at += taken


@lru_cache(maxsize=1 << 18)
def clean(text: str) -> tuple[str | None, bool]:
    """The normalised text (NFC, single blanks, trimmed; '' is NULL), and whether normalising changed it."""
    cleaned = WHITE_SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip(" ")
    return cleaned or None, cleaned != text


def is_blank(record: Record) -> bool:
    """Whether all fields of a sound record are empty or blanks."""
    return record.error is None and all(clean(text)[0] is None for text in record.fields)
