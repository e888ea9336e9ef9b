"""Date formats of sources: the subset of Spark's patterns that can be told apart by their shape alone.

In: a pattern such as `dd-MM-yyyy`. Out: the regular expression a text must match before it is parsed with
that pattern. Guaranteed: a text matches at most one format of a source (the loader refuses others), so that
no date is ever guessed.
"""

import re
from datetime import date

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
}
"""Letters of a format and the digits they stand for; a subset of Spark's datetime patterns."""


def format_regex(fmt: str) -> str:
    r"""`\d{2}-\d{2}-\d{4}` for `dd-MM-yyyy`."""
    return "".join(FORMAT_LETTERS.get(part, re.escape(part)) for part in re.findall("[A-Za-z]+|[^A-Za-z]+", fmt))


def render(fmt: str, day: date) -> str:
    """The day written in a format, times as zero: what the loader tries the other formats on."""
    values = {
        "yyyy": f"{day:%Y}",
        "MM": f"{day:%m}",
        "M": str(day.month),
        "dd": f"{day:%d}",
        "d": str(day.day),
    }
    zeros = {"HH": "00", "H": "0", "mm": "00", "ss": "00"}
    parts = re.findall("[A-Za-z]+|[^A-Za-z]+", fmt)
    return "".join({**values, **zeros}.get(part, part) for part in parts)
