"""A file of a source → the facts to read it by (encoding, delimiter, header, record count), or its rejection.

Whatever the bytes are, the outcome is either `FileFacts` or `RejectedFile` with one clear sentence. Two
passes (bytes, count) and a look at the first lines, all streamed: memory is bounded by one record.
"""

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from typing import BinaryIO

from lakehouse.bronze.decoding import open_binary, open_text
from lakehouse.bronze.encoding import ENCODINGS, RejectedFile, detect_encoding, survey_bytes
from lakehouse.bronze.records import count_records, is_blank, read_records
from lakehouse.contract.reading import DELIMITERS

__all__ = ["FileFacts", "RejectedFile", "column_key", "inspect_file"]

Reopenable = str | PathLike[str] | Callable[[], BinaryIO]
"""A path, or a callable that opens the file anew for each pass."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFacts:
    """How a file is to be read, and how much is in it.

    Attributes:
        encoding: `utf-8`, `utf-8-sig`, `utf-16-le`, `utf-16-be`, `cp1252`, or the one the source prescribes.
        delimiter: `,`, `;`, tab or `|`.
        header: The column names as they stand in the file, in file order.
        header_line: Physical line of the header, from 1: the first record that is not blank.
        extra_columns: The names in `header` that the source does not know.
        records: Records after the header, blank and damaged ones included, as `read_records` yields them.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    extra_columns: tuple[str, ...]
    records: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Header:
    """The first record that is not blank, as one delimiter splits it."""

    delimiter: str
    line: int
    position: int  # records up to and with it
    names: tuple[str, ...]
    error: str | None


def inspect_file(
    file: Reopenable,
    *,
    expected_headers: Collection[str],
    known_headers: Collection[str] = (),
    encodings: Collection[str] = ENCODINGS,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> FileFacts:
    """The facts of a CSV file of a source.

    Args:
        file: See `Reopenable`.
        expected_headers: The columns it must have; names are compared by `column_key`, in any order.
        known_headers: All columns the source knows; others are reported as extra.
        encodings: The families of `encoding.ENCODINGS` it may be in.
        encoding: The source's own encoding, a Python codec: overrides detection.
        delimiter: The expected one; decides where several fit.

    Raises:
        RejectedFile: The file as a whole cannot be taken in.
        OSError: It cannot be opened or read.
        LookupError: `encoding` is no codec.
    """
    with _sound_gzip():
        with open_binary(file) as binary:
            survey = survey_bytes(binary)
        found = encoding or detect_encoding(survey, encodings)
        headers = [_read_header(file, found, each) for each in DELIMITERS]
        required = {column_key(name): name for name in expected_headers}
        known = {column_key(name) for name in known_headers} | set(required)
        header = _choose_header(headers, required, known, delimiter)
        with open_text(file, found) as text:
            records = count_records(text, header.delimiter) - header.position
            codec = "utf-8-sig" if found == "utf-8-sig" else text.encoding
    extra = tuple(name for name in header.names if column_key(name) not in known)
    return FileFacts(
        encoding=codec,
        delimiter=header.delimiter,
        header=header.names,
        header_line=header.line,
        extra_columns=extra,
        records=records,
    )


def column_key(name: str) -> str:
    """A header name as it is compared: trimmed, letter case and the number of inner blanks ignored."""
    return " ".join(name.strip("\ufeff").split()).casefold()


@contextmanager
def _sound_gzip() -> Iterator[None]:
    """Turns the errors of damaged gzip data into a rejection."""
    try:
        yield
    except EOFError as error:
        raise RejectedFile("The gzip data are truncated: the file ends before its end mark.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise RejectedFile(f"The gzip data are corrupt: {error}.") from error


def _read_header(file: Reopenable, encoding: str, delimiter: str) -> _Header:
    """The first record that is not blank.

    Raises:
        RejectedFile: There is none.
    """
    with open_text(file, encoding) as text:
        for position, record in enumerate(read_records(text, encoding, delimiter), start=1):
            if not is_blank(record):
                return _Header(
                    delimiter=delimiter,
                    line=record.line,
                    position=position,
                    names=tuple(record.fields or ()),
                    error=record.error,
                )
    raise RejectedFile("The file is empty: it has no header, only blanks.")


def _choose_header(
    headers: list[_Header], required: dict[str, str], known: set[str], expected_delimiter: str | None
) -> _Header:
    """The header under the delimiter that fits best, checked.

    Raises:
        RejectedFile: It misses required columns, cannot be read, or names a known column twice.
    """

    def fit(header: _Header) -> tuple[bool, int, int, bool, int]:
        keys = {column_key(name) for name in header.names}
        return (
            keys >= set(required),
            len(keys & set(required)),
            len(keys & known),
            header.delimiter == expected_delimiter,
            len(header.names),
        )

    best = max(headers, key=fit)
    where = f"The header (line {best.line})"
    if best.error is not None:
        raise RejectedFile(f"{where} cannot be read: {best.error.replace('_', ' ')}.")
    counts = Counter(column_key(name) for name in best.names)
    missing = [name for key, name in required.items() if key not in counts]
    if missing and len(best.names) == 1:
        names = ", ".join(DELIMITERS.values())
        raise RejectedFile(
            f"{where} is not split into columns by any delimiter ({names}): found {_quoted(best.names)}."
        )
    if missing:
        raise RejectedFile(
            f"{where} is not that of the source: missing {_quoted(missing)}; found {_quoted(best.names)} "
            f"(delimiter {DELIMITERS[best.delimiter]})."
        )
    doubled = [name for name in dict.fromkeys(best.names) if column_key(name) in known and counts[column_key(name)] > 1]
    if doubled:
        raise RejectedFile(f"{where} names a column twice: {_quoted(doubled)}.")
    return best


def _quoted(names: Collection[str]) -> str:
    """Names for a message: some of them, printable and cut to size."""
    shown = [repr(name if len(name) <= 40 else f"{name[:40]}…") for name in list(names)[:12]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
