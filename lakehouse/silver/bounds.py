"""Which rows of silver a batch can touch at all, as literal ranges that let Delta skip files.

In: the winners of a batch. Out: a condition on silver's rows. Guaranteed: it holds for every row of silver
that has a key of the batch, since only columns that cannot change while the key stays are used; Delta's
MERGE prunes by literals alone, never by the values of its source.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import TimestampType

from lakehouse.contract.model import Source

MOST_RANGES = 32
FEW_ROWS = 50_000
"""Up to this many winners the ranges are taken from all their values; above, from the smallest and the greatest."""

Bounds = Callable[[str], SparkColumn]
"""From a column prefix such as `t.` to a condition."""


def everywhere(source: Source) -> Bounds:
    """All rows of the source."""
    return lambda prefix: F.col(f"{prefix}source_system") == source.name


def bounds_of(winners: DataFrame, count: int, source: Source) -> Bounds:
    """The narrowest cheap condition for the keys of these winners.

    Args:
        winners: one statement a key, all of one source.
        count: how many they are.
        source: tells which columns are fixed by the key; a single text key is one itself.
    """
    return _within_all(source, {name: _spans(winners, name, count) for name in _fixed(source)})


def bounds_in(rows: pa.Table, source: Source) -> Bounds:
    """The same for rows of one source that are at hand, with at least the columns that its keys fix."""
    there = {name: rows[name].drop_null() for name in _fixed(source)}
    return _within_all(source, {name: ranges_of(values.unique().to_pylist()) for name, values in there.items()})


def _fixed(source: Source) -> list[str]:
    """The columns that cannot change while a key stays."""
    return [*source.fixed_by_key, *(["sale_id"] if len(source.keys) == 1 else [])]


def _within_all(source: Source, ranges: Mapping[str, Sequence[tuple[Any, Any]]]) -> Bounds:
    def condition(prefix: str) -> SparkColumn:
        narrowed = [_within(F.col(f"{prefix}{name}"), spans) for name, spans in ranges.items() if spans]
        return reduce(SparkColumn.__and__, narrowed, F.col(f"{prefix}source_system") == source.name)

    return condition


def ranges_of(values: Sequence[Any], most: int = MOST_RANGES) -> list[tuple[Any, Any]]:
    """At most `most` closed ranges that together hold every value: equal shares of the sorted values."""
    ordered = sorted(set(values))
    share = -(-len(ordered) // most) or 1
    return [(ordered[i], ordered[min(i + share, len(ordered)) - 1]) for i in range(0, len(ordered), share)]


def _spans(winners: DataFrame, name: str, count: int) -> list[tuple[Any, Any]]:
    """Closed ranges that hold every value of the column; none where there is no row.

    Moments are collected as numbers: as a `datetime` Spark gives them in the machine's local time, in which an
    hour a year comes twice.
    """
    is_moment = isinstance(winners.schema[name].dataType, TimestampType)
    column = F.unix_micros(name) if is_moment else F.col(name)
    if count <= FEW_ROWS:
        spans = ranges_of([value for (value,) in winners.select(column).distinct().collect()])
    else:
        ends = winners.agg(F.min(column), F.max(column)).first()
        spans = [(ends[0], ends[1])] if ends is not None else []
    return [(_moment(low), _moment(high)) for low, high in spans] if is_moment else spans


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def _within(column: SparkColumn, spans: Sequence[tuple[Any, Any]]) -> SparkColumn:
    return reduce(SparkColumn.__or__, (column.between(F.lit(low), F.lit(high)) for low, high in spans))
