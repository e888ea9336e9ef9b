"""The hashes of docs/reference/hashes.md as SQL of DuckDB, written anew: what the peer and the comparison share.

In: SQL of texts. Out: SQL of their hash. Guaranteed: shares no code with the product, so that equal hashes are two
readings of one page.
"""

from collections.abc import Sequence


def time_text(sql: str) -> str:
    """A TIMESTAMP in UTC as the text it is hashed as."""
    return f"strftime({sql}, '%Y-%m-%d %H:%M:%S.%f')"


def hash_fields(texts: Sequence[str | None]) -> str:
    """sha256 over `<bytes>:<text>;` a field and `N;` for NULL; None stands for a field that is always NULL."""
    parts = ("'N;'" if t is None else f"coalesce(strlen({t}) || ':' || {t} || ';', 'N;')" for t in texts)
    return f"sha256({' || '.join(parts)})"


def hash_number(texts: Sequence[str | None]) -> str:
    """The first 15 hexadecimal digits of the hash as BIGINT."""
    return f"CAST('0x' || left({hash_fields(texts)}, 15) AS BIGINT)"
