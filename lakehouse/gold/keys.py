"""Surrogate and natural keys of dimensions.

In: source, natural key and time as columns. Out: key columns. Guaranteed: the same in every build; a natural
key of several parts tells `a|b` + `c` from `a` + `b|c` and gives its parts back.
"""

from collections.abc import Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from lakehouse.quality.identity import canonical_text, hash_number

UNKNOWN, NOT_APPLICABLE = -1, -2
"""Members of every dimension: nobody said; there is nothing to say. Hashes are never negative."""

SEPARATOR = "|"


def surrogate_key(source_system: str, natural_key: str, valid_from: str) -> SparkColumn:
    """The first 15 hexadecimal digits of the hash over the three columns of these names, as BIGINT."""
    return hash_number([source_system, natural_key, canonical_text(valid_from, "timestamp")])


def natural_key(parts: Sequence[SparkColumn]) -> SparkColumn:
    """The parts as one text, `Germany|Berlin|Berlin`; NULL where the first part is.

    A `%` in a part is written `%25` and a `|` `%7C`; NULL is an empty part, since no value is empty. A key of one
    part stands as it is.
    """
    if len(parts) == 1:
        return parts[0]
    escaped = (F.replace(F.replace(p, F.lit("%"), F.lit("%25")), F.lit(SEPARATOR), F.lit("%7C")) for p in parts)
    joined = F.concat_ws(SEPARATOR, *(F.coalesce(e, F.lit("")) for e in escaped))
    return F.when(parts[0].isNotNull(), joined)


def part(key: SparkColumn, parts: int, place: int) -> SparkColumn:
    """The part at `place`, from 0, of a natural key of so many parts."""
    if parts == 1:
        return key
    escaped = F.nullif(F.split_part(key, F.lit(SEPARATOR), F.lit(place + 1)), F.lit(""))
    return F.replace(F.replace(escaped, F.lit("%7C"), F.lit(SEPARATOR)), F.lit("%25"), F.lit("%"))
