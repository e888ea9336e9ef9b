"""Hashes that identify: the text each value is hashed as, and sha256 over length-prefixed fields.

In: names of typed columns. Out: SQL text, made of names of contracts alone, or one text column. Guaranteed: NULL and
'' differ, no two lists of fields share a text, and the text of a value does not depend on the engine
(docs/reference/hashes.md). SQL, as one call to the JVM then makes what is hundreds of them column by column.
"""

from collections.abc import Iterable

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from lakehouse.contract.model import Column

CONTENT_HASH_VERSION = "v1:"
"""Prefix of `_content_hash`: rows with another one are hashed anew before they are compared."""

HASH_DIGITS = 15
"""So many leading hexadecimal digits of a hash fit a BIGINT."""


def canonical_text(name: str, type_: str) -> str:
    """The text a value is hashed as: money with six decimals, UTC timestamps with microseconds."""
    return f"date_format({name}, 'yyyy-MM-dd HH:mm:ss.SSSSSS')" if type_ == "timestamp" else f"CAST({name} AS STRING)"


def hash_fields(texts: Iterable[str]) -> str:
    """sha256, hexadecimal, over `<bytes>:<text>;` a field and `N;` for NULL, in UTF-8."""
    parts = (f"coalesce(concat(CAST(octet_length({text}) AS STRING), ':', {text}, ';'), 'N;')" for text in texts)
    return f"sha2(concat({', '.join(parts)}), 256)"


def hash_number(texts: Iterable[str]) -> SparkColumn:
    """The first 15 hexadecimal digits of the hash as BIGINT."""
    return F.expr(f"CAST(conv(substring({hash_fields(texts)}, 1, {HASH_DIGITS}), 16, 10) AS BIGINT)")


def content_hash(columns: Iterable[Column], prefix: str = "") -> SparkColumn:
    """The versioned hash over business columns, taken from columns of these names, `prefix` before each."""
    texts = (canonical_text(f"{prefix}{c.name}", c.type) for c in columns)
    return F.expr(f"concat('{CONTENT_HASH_VERSION}', {hash_fields(texts)})")
