"""How the files of a source are read, checked: encoding, delimiter, numbers, dates, the moment in a file's name.

In: the declaration of a source. Out: findings with their path in its file. Guaranteed: with none, no number
and no date of the source can be read in two ways, and every setting is one that the reader knows.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from lakehouse.contract.dates import faults
from lakehouse.contract.model import Source

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
DECIMALS = {".": "point", ",": "comma"}
THOUSANDS = {".": "point", ",": "comma", "'": "apostrophe", "’": "curly apostrophe", " ": "space"}
"""What may part groups of three digits; all Unicode blanks are read as a space."""

_PROBE = datetime(2011, 12, 13, 14, 15, 16, tzinfo=UTC)


def findings(source: Source) -> Iterator[str]:
    """What is wrong with how the source's files are to be read."""
    if source.encoding is not None and not _is_text_codec(source.encoding):
        yield f"encoding: Python knows no text encoding {source.encoding!r}; cp1252 and utf-8 are two it knows"
    yield from _one_of("delimiter", source.delimiter, DELIMITERS)
    yield from _one_of("decimal", source.decimal, DECIMALS)
    yield from _one_of("thousands", source.thousands, THOUSANDS)
    if source.decimal == source.thousands:
        yield "thousands: is the same as decimal, so that 1.234 could be read in two ways"
    yield from (f"date_formats: {fault}" for fault in faults(source.date_formats))
    if not source.date_formats and any(c.type in ("date", "timestamp") for c in source.columns):
        yield "date_formats: there is none, but the source has dates"
    yield from _as_of(source)


def _is_text_codec(name: str) -> bool:
    try:
        return "a".encode(name).decode(name) == "a"
    except (LookupError, ValueError):
        return False


def _one_of(place: str, value: str | None, known: dict[str, str]) -> Iterator[str]:
    if value is not None and value not in known:
        yield f"{place}: {value!r} is none of {', '.join(f'{name} ({mark!r})' for mark, name in known.items())}"


def _as_of(source: Source) -> Iterator[str]:
    if (source.as_of_pattern is None) != (source.as_of_format is None):
        yield "as_of: needs both a pattern and a format"
    try:
        if source.as_of_pattern is not None and re.compile(source.as_of_pattern).groups != 1:
            yield "as_of.pattern: needs exactly one group, the moment of extraction"
    except re.error as error:
        yield f"as_of.pattern: is no regular expression: {error}"
    if source.as_of_format is not None and not _tells_a_day(source.as_of_format):
        yield f"as_of.format: {source.as_of_format!r} is no format of Python's strptime that tells year, month and day"


def _tells_a_day(fmt: str) -> bool:
    try:
        return datetime.strptime(_PROBE.strftime(fmt), fmt).date() == _PROBE.date()  # noqa: DTZ007 - its zone is not asked
    except (ValueError, re.error):
        return False
