"""Hashes that identify: the text each value is hashed as, and sha256 over length-prefixed fields.

In: typed columns. Out: one text column. Guaranteed: NULL and '' differ, no two lists of fields share a
text, and the text of a value does not depend on the engine (docs/reference/hashes.md).
"""

from collections.abc import Iterable

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from lakehouse.contract.model import Column

CONTENT_HASH_VERSION = "v1:"
"""Prefix of `_content_hash`: rows with another one are hashed anew before they are compared."""


def canonical_text(column: SparkColumn, type_: str) -> SparkColumn:
    """The text a value is hashed as: money with six decimals, UTC timestamps with microseconds."""
    if type_ == "timestamp":
        return F.date_format(column, "yyyy-MM-dd HH:mm:ss.SSSSSS")
    return column.cast("string")


def hash_fields(texts: Iterable[SparkColumn]) -> SparkColumn:
    """sha256, hexadecimal, over `<bytes>:<text>;` a field and `N;` for NULL, in UTF-8."""
    parts = (
        F.coalesce(F.concat(F.octet_length(t).cast("string"), F.lit(":"), t, F.lit(";")), F.lit("N;")) for t in texts
    )
    return F.sha2(F.concat(*parts), 256)


def content_hash(columns: Iterable[Column], prefix: str = "") -> SparkColumn:
    """The versioned hash over business columns, taken from columns of these names, `prefix` before each."""
    texts = [canonical_text(F.col(f"{prefix}{c.name}"), c.type) for c in columns]
    return F.concat(F.lit(CONTENT_HASH_VERSION), hash_fields(texts))
