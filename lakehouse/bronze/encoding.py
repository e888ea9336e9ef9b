"""The bytes of a file → its encoding: UTF-8 with or without mark, UTF-16, or Windows-1252.

A byte order mark decides, then the places of NUL bytes (UTF-16), then the lines that are not ASCII. What
stays ambiguous is rejected with its reason and the remedy: no UTF-8 file is read as Windows-1252 in silence.
"""

import codecs
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO

from lakehouse.bronze.decoding import GZIP_MAGIC

ENCODINGS = ("utf-8", "utf-16", "cp1252")
"""The families that detection knows; `utf-8` stands for both forms of it, with and without mark."""

MAX_LINE_BYTES = 64 << 20
"""A longer physical line is taken for binary data, so that memory stays bounded."""

DECISIVE = 9
"""One reading of the bytes wins over another where it has this many times its lines."""

_BLOCK = 1 << 20
_HEAD = 1 << 16
_REMEDY = "set `encoding:` in the source's YAML if this is meant"
_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with byte order mark",
    "utf-16-le": "UTF-16 (little endian)",
    "utf-16-be": "UTF-16 (big endian)",
    "cp1252": "Windows-1252",
}
_BINARIES = {
    GZIP_MAGIC: "gzip inside gzip",
    b"PK\x03\x04": "a ZIP archive (an .xlsx workbook is one)",
    b"\xd0\xcf\x11\xe0": "an old Office document, such as .xls",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file",
    b"\x7fELF": "a program",
    b"\xfd7zXZ": "xz data",
    b"\x28\xb5\x2f\xfd": "zstd data",
    b"BZh91AY&SY": "bzip2 data",
    b"SQLite format 3": "an SQLite database",
    codecs.BOM_UTF32_LE: "UTF-32 text, which is not supported",
    codecs.BOM_UTF32_BE: "UTF-32 text, which is not supported",
}
# What a line that is not UTF-8 would hardly hold if it were Windows-1252, but damaged UTF-8 does.
_DAMAGE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"  # a good UTF-8 character
    rb"|[\xc2\xc3](?![\x80-\xffA-Z])"  # a Latin letter cut in two (within capitals it may be a real one: SÃO)
    rb"|\xe2[\x80-\xbf]"  # a dash, curly quote or euro sign cut in two
    rb"|[\x81\x8d\x8f\x90\x9d\xff]"  # undefined in Windows-1252, or the byte that never is in UTF-8
    rb"|[\x80-\xff]{5}"  # five in a row: some other encoding
)


class RejectedFile(ValueError):  # noqa: N818 - it names the outcome, as the ledger does
    """The file as a whole cannot be taken in; the message is one sentence for the user."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What one pass over the (decompressed) bytes found.

    Attributes:
        head: The first bytes.
        lines: About how many lines.
        utf_8: Lines that are not ASCII and are valid UTF-8.
        cp1252: Lines that are not valid UTF-8 and look like Windows-1252.
        damaged: Lines that are not valid UTF-8 and do not look like Windows-1252 either.
    """

    head: bytes
    lines: int = 0
    utf_8: int = 0
    cp1252: int = 0
    damaged: int = 0


def survey_bytes(binary: BinaryIO) -> Survey:
    """One pass over the bytes, in bounded memory.

    Raises:
        RejectedFile: No bytes at all, or a line longer than `MAX_LINE_BYTES`.
    """
    head, rest = b"", b""
    lines = 0
    counts = {"utf_8": 0, "cp1252": 0, "damaged": 0}
    while block := binary.read(_BLOCK):
        head = head or block[:_HEAD]
        lines += max(block.count(b"\n"), block.count(b"\r"))
        rest += block
        cut = max(rest.rfind(b"\n"), rest.rfind(b"\r")) + 1
        _count_lines(rest[:cut], counts)
        rest = rest[cut:]
        if len(rest) > MAX_LINE_BYTES:
            raise RejectedFile(f"The file has a line of more than {MAX_LINE_BYTES >> 20} MB: it is no CSV.")
    if not head:
        raise RejectedFile("The file is empty (0 bytes).")
    _count_lines(rest, counts)
    return Survey(head=head, lines=lines + 1, **counts)


def _count_lines(block: bytes, counts: dict[str, int]) -> None:
    """Adds the lines of the block that are not ASCII to the counts."""
    if block.isascii():
        return
    for line in block.splitlines():
        if not line.isascii():
            try:
                line.decode()
            except UnicodeDecodeError:
                counts["damaged" if _DAMAGE.search(line) else "cp1252"] += 1
            else:
                counts["utf_8"] += 1


def detect_encoding(survey: Survey, allowed: Collection[str] = ENCODINGS) -> str:
    """`utf-8`, `utf-8-sig`, `utf-16-le`, `utf-16-be` or `cp1252`.

    Args:
        survey: Of the bytes.
        allowed: The families of `ENCODINGS` that the source may use.

    Raises:
        RejectedFile: Binary, ambiguous, or of an encoding that is not allowed.
    """
    for magic, what in _BINARIES.items():
        if survey.head.startswith(magic):
            raise RejectedFile(f"The file is no CSV but {what}.")
    found = _encoding_by_mark(survey.head) or _utf_16_by_nul(survey.head)
    if found is None:
        if survey.head.count(0) * 10 > len(survey.head):
            raise RejectedFile("The file is binary: more than a tenth of its first bytes are NUL.")
        found = _encoding_by_lines(survey, allowed)
    if not any(found.startswith(family) for family in allowed):
        names = ", ".join(sorted(allowed))
        raise RejectedFile(f"The file is {_NAMES[found]}, but its source allows only {names}; {_REMEDY}.")
    return found


def _encoding_by_mark(head: bytes) -> str | None:
    """The encoding that a byte order mark tells."""
    marks = {
        codecs.BOM_UTF8: "utf-8-sig",
        codecs.BOM_UTF16_LE: "utf-16-le",
        codecs.BOM_UTF16_BE: "utf-16-be",
    }
    return next((encoding for mark, encoding in marks.items() if head.startswith(mark)), None)


def _utf_16_by_nul(head: bytes) -> str | None:
    """UTF-16 without mark: in the header, every second byte is NUL, and hardly any of the others."""
    even, odd = head[:512:2], head[1:512:2]
    for encoding, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if len(head) > 3 and high.count(0) * 10 >= len(high) * 6 and low.count(0) * 20 <= len(low):
            return encoding
    return None


def _encoding_by_lines(survey: Survey, allowed: Collection[str]) -> str:
    """UTF-8 or Windows-1252, by the lines that are not ASCII.

    - None, or all valid UTF-8: UTF-8.
    - One reading has at least `DECISIVE` times the lines of all others: that one. Damaged lines become
      undecodable records under UTF-8; under Windows-1252 only where they hold a byte that it does not define.
    - No line looks like Windows-1252: UTF-8, even where no line proves it. So a damaged line of a UTF-8 file
      with few others, or none, becomes an undecodable record, which is seen, and no mojibake, which is not.
    - Else ambiguous, and rejected.
    """
    if "cp1252" not in allowed or "utf-8" not in allowed:
        return "cp1252" if "cp1252" in allowed else "utf-8"
    utf_8, cp1252, damaged = survey.utf_8, survey.cp1252, survey.damaged
    if utf_8 >= DECISIVE * (cp1252 + damaged):
        return "utf-8"
    if cp1252 == 0 and (damaged <= 10 or damaged * 10 <= survey.lines):
        return "utf-8"
    if cp1252 and cp1252 >= DECISIVE * (utf_8 + damaged):
        return "cp1252"
    raise RejectedFile(
        f"The encoding is ambiguous: of the lines that are not ASCII, {utf_8} are UTF-8, {cp1252} look like "
        f"Windows-1252 and {damaged} like neither; set `encoding:` in the source's YAML, which overrides it."
    )
