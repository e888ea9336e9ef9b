"""Lists of names in a row, such as the rules it broke, as one text: `a,b`, or '' for none.

In: conditions with a name each. Out: one text column, and questions to it. Guaranteed: only functions that
Spark compiles: a filtered array would be interpreted, row by row, with every condition in it. Names of rules
and columns are plain words (the loader sees to it), so that no comma can be one of theirs.
"""

from collections.abc import Mapping

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

NONE = ""


def names_where(conditions: Mapping[str, SparkColumn]) -> SparkColumn:
    """The names whose conditions are true, in their order; a condition that is NULL is not."""
    if not conditions:
        return F.lit(NONE)
    return F.concat_ws(",", *(F.when(condition, F.lit(name)) for name, condition in conditions.items()))


def joined(*lists: SparkColumn) -> SparkColumn:
    """Several lists as one."""
    return F.concat_ws(",", *(F.nullif(one, F.lit(NONE)) for one in lists))


def any_name(names: SparkColumn) -> SparkColumn:
    """Whether there is a name."""
    return names != NONE


def has_name(column: str, name: str) -> str:
    """SQL: whether this name is among those of the column."""
    return f"find_in_set('{name}', {column}) > 0"


def as_array(names: SparkColumn) -> SparkColumn:
    """The names as an array, for tables."""
    return F.when(any_name(names), F.split(names, ",")).otherwise(F.array().cast("array<string>"))
