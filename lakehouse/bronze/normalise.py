"""Text as everyone means it: trimmed, runs of blanks as one space, Unicode NFC.

In: columns of text as they stood in a file or an event. Out: the normalised text, '' as NULL, and which
fields changed. Guaranteed: letter case, leading zeros and everything that is no blank stay; what changed
is told, so that it can be counted.
"""

import pyarrow as pa
import pyarrow.compute as pc

WHITE_SPACE = r"\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}"
"""The characters with Unicode's property White_Space, as an RE2 class without its brackets."""

_UNTIDY = rf"^[{WHITE_SPACE}]|[{WHITE_SPACE}]$|[{WHITE_SPACE}]{{2}}|[^\x21-\x7e ]"
_BLANKS = rf"[{WHITE_SPACE}]+"


def normalise(texts: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """The texts normalised, and a mask of those whose text changed (None where none did).

    '' becomes NULL and does not count as a change.
    """
    untidy = pc.match_substring_regex(texts, _UNTIDY)
    if not pc.any(untidy).as_py():
        return _nothing_as_null(texts), None
    tidy = pc.utf8_normalize(pc.utf8_trim(pc.replace_substring_regex(texts, _BLANKS, " "), " "), form="NFC")
    changed = pc.fill_null(pc.not_equal(tidy, texts), False)
    return _nothing_as_null(tidy), changed


def _nothing_as_null(texts: pa.Array) -> pa.Array:
    empty = pc.equal(pc.binary_length(texts), 0)
    return pc.if_else(empty, pa.scalar(None, texts.type), texts) if pc.any(empty).as_py() else texts


def changed_columns(length: int, masks: dict[str, pa.Array]) -> pa.Array:
    """For each of `length` rows the names of the columns that changed, comma between them; '' where none did."""
    names = [""] * length
    for column, mask in masks.items():
        for row in pc.indices_nonzero(mask).to_pylist():
            names[row] = f"{names[row]},{column}" if names[row] else column
    return pa.array(names, pa.string())
