"""The dimensions with history: which they are, and how versions of the core become their rows.

In: versions of the core. Out: rows of the dimension's contract, and back. Guaranteed: pure; keys, attributes and
what they mean are the contract's, so that a column is described in one place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contract.derive.spark_schema import SPARK_TYPES, spark_schema
from lakehouse.contract.model import Column, Table
from lakehouse.gold.keys import NOT_APPLICABLE, UNKNOWN, part, surrogate_key
from lakehouse.gold.scd2 import BEGINNING, OPEN_END, Attribute
from lakehouse.runtime.lake import Lake

VERSION = ("source_system", "valid_from", "valid_to", "is_current", "first_observed_at", "_uneven")
"""Columns that the core and every dimension's contract name alike."""

EVERY_SOURCE = "-"
"""`source_system` of the members, which belong to none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dimension:
    """One dimension with history: `customer` is `gold.dim_customer` with `customer_sk` and `customer_id`."""

    name: str
    table: Table = field(compare=False)
    natural_key: Mapping[str, tuple[str, ...]] = field(compare=False)
    unknown: str = field(compare=False)

    @property
    def sk(self) -> str:
        """The column of its surrogate key, here and in facts."""
        return f"{self.name}_sk"

    @property
    def id(self) -> str:
        """The column of its natural key."""
        return f"{self.name}_id"

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of what it follows."""
        return tuple(self.table.column(name) for name in self.table.track_history)

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """What the core is to follow."""
        return tuple(Attribute(name=c.name, null_is=c.null_is) for c in self.columns)


def dimensions(lake: Lake) -> tuple[Dimension, ...]:
    """The dimensions of `gold.fact_sales`."""
    return tuple(
        Dimension(name=name, table=lake.table(table), natural_key=lake.catalog.natural_key(table), unknown=unknown)
        for name, table, unknown in (
            ("customer", "gold.dim_customer", "GUEST"),
            ("product", "gold.dim_product", "(unknown)"),
            ("store", "gold.dim_store", "(unknown)"),
        )
    )


def rows_of(dimension: Dimension, versions: DataFrame) -> DataFrame:
    """Rows of the contract from versions of the core, of all entities."""
    return versions.where(F.col("entity") == dimension.name).select(*row_of(dimension))


def row_of(dimension: Dimension, prefix: str = "") -> list[SparkColumn]:
    """The columns of the contract, from a version of the core in columns with `prefix`."""
    made = {
        dimension.sk: surrogate_key(f"{prefix}source_system", f"{prefix}natural_key", f"{prefix}valid_from"),
        dimension.id: F.col(f"{prefix}natural_key"),
    }
    taken = {*VERSION, *dimension.table.track_history}
    made |= {name: F.col(f"{prefix}{name}") for name in taken}
    return [(made.get(c.name, _constant(dimension, c, prefix))).alias(c.name) for c in dimension.table.columns]


def _constant(dimension: Dimension, column: Column, prefix: str) -> SparkColumn:
    """What follows from the natural key alone: a part of it, or whether it is one of those listed."""
    source, key = F.col(f"{prefix}source_system"), F.col(f"{prefix}natural_key")
    if column.type == "boolean":
        listed = [
            (source == name) & key.rlike(rf"\A(?:{'|'.join(patterns)})\z")
            for name, patterns in column.false_for.items()
        ]
        return ~reduce(SparkColumn.__or__, listed, F.lit(False))
    parts = [
        F.when(source == name, part(key, len(columns), columns.index(column.name)))
        for name, columns in dimension.natural_key.items()
        if column.name in columns
    ]
    return F.coalesce(*parts) if parts else F.lit(None).cast("string")


def versions_of(every: Sequence[Dimension], rows: Mapping[Dimension, DataFrame]) -> DataFrame:
    """Versions of the core from rows of the contracts, without the members."""
    return reduce(DataFrame.unionByName, (_versions(dimension, every, there) for dimension, there in rows.items()))


def _versions(dimension: Dimension, every: Sequence[Dimension], rows: DataFrame) -> DataFrame:
    told = [
        F.col(column.name) if one is dimension else F.lit(None).cast(SPARK_TYPES[column.type]).alias(column.name)
        for one in every
        for column in one.columns
    ]
    key = [F.lit(dimension.name).alias("entity"), F.col("source_system"), F.col(dimension.id).alias("natural_key")]
    return rows.where(F.col(dimension.sk) >= 0).select(*key, *VERSION[1:], *told)


def members(spark: SparkSession, dimension: Dimension) -> DataFrame:
    """The rows -1 (unknown) and -2 (not applicable)."""

    def row(sk: int, name: str) -> tuple[Any, ...]:
        told = {dimension.sk: sk, "source_system": EVERY_SOURCE, dimension.id: name, "is_current": True}
        told |= {dimension.table.track_history[0]: name if dimension.name != "store" else None, "_uneven": False}
        return tuple(told.get(c.name, True if c.type == "boolean" else None) for c in dimension.table.columns)

    rows = [row(UNKNOWN, dimension.unknown), row(NOT_APPLICABLE, "(not applicable)")]
    typed = spark.createDataFrame(rows, spark_schema(dimension.table.columns))
    times = {"valid_from": BEGINNING, "valid_to": OPEN_END}
    return typed.withColumns({name: F.lit(text).cast("timestamp") for name, text in times.items()})
