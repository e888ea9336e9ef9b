"""Date formats of sources: the subset of Spark's patterns that can be told apart by their shape alone.

In: a pattern such as `dd-MM-yyyy`. Out: the regular expression a text must match before it is parsed with
that pattern. Guaranteed: a text matches at most one format of a source (the loader refuses others), so that
no date is ever guessed.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations, pairwise

FORMAT_LETTERS = {
    "yyyy": r"\d{4}",
    "MM": r"\d{2}",
    "M": r"\d{1,2}",
    "dd": r"\d{2}",
    "d": r"\d{1,2}",
    "HH": r"\d{2}",
    "H": r"\d{1,2}",
    "mm": r"\d{2}",
    "ss": r"\d{2}",
    "SSSSSS": r"\d{6}",
}
"""Letters of a format and the digits they stand for; a subset of Spark's datetime patterns."""

_PROBES = (date(2011, 2, 3), date(2011, 12, 13))
"""One day whose numbers have one digit, one whose numbers have two: enough, as formats differ in shape alone."""


def format_regex(fmt: str) -> str:
    r"""`\d{2}-\d{2}-\d{4}` for `dd-MM-yyyy`."""
    return "".join(FORMAT_LETTERS.get(part, re.escape(part)) for part in _parts(fmt))


def render(fmt: str, day: date) -> str:
    """The day written in a format, times as zero: what the loader tries the other formats on."""
    values = {
        "yyyy": f"{day:%Y}",
        "MM": f"{day:%m}",
        "M": str(day.month),
        "dd": f"{day:%d}",
        "d": str(day.day),
    }
    zeros = {"HH": "00", "H": "0", "mm": "00", "ss": "00", "SSSSSS": "000000"}
    return "".join({**values, **zeros}.get(part, part) for part in _parts(fmt))


def faults(formats: Sequence[str]) -> Iterator[str]:
    """What is wrong with the formats of a source, one sentence each."""
    sound = []
    for fmt in formats:
        fault = _fault(fmt)
        if fault:
            yield f"{fmt!r} {fault}"
        else:
            sound.append(fmt)
    for fmt, other in combinations(sound, 2):
        texts = (render(one, day) for one in (fmt, other) for day in _PROBES)
        if any(all(re.fullmatch(format_regex(one), text) for one in (fmt, other)) for text in texts):
            yield f"one text can be read both as {fmt!r} and as {other!r}"


def _fault(fmt: str) -> str | None:
    """What is wrong with one format by itself."""
    parts = _parts(fmt)
    letters = [part for part in parts if _is_letter(part)]
    if set(fmt) & set("'[]{}#"):
        return "has one of the characters ' [ ] { } #, which mean something else in a format"
    if not set(letters) <= FORMAT_LETTERS.keys():
        return f"has letters that are none of {', '.join(FORMAT_LETTERS)}"
    if sorted({part[0] for part in letters} & set("yMd")) != ["M", "d", "y"]:
        return "does not tell year, month and day"
    if len({part[0] for part in letters}) < len(letters):
        return "tells something twice"
    if any(len(one) == 1 and one in "MdH" and _is_letter(other) for one, other in pairwise(parts)):
        return "has a number of one or two digits right before another one: nobody can tell where it ends"
    return None


def _is_letter(part: str) -> bool:
    return part[0].isascii() and part[0].isalpha()


def _parts(fmt: str) -> list[str]:
    """Runs of one letter, and what stands between them: `yyyy`, `-`, `MM`."""
    return [found[0] for found in re.finditer(r"([A-Za-z])\1*|[^A-Za-z]+", fmt)]
