"""The dimensions with history: what of a sale line each observes, and how its versions become rows.

In: live sale lines; versions of the core. Out: observations; rows of the dimension's contract. Guaranteed: pure;
keys, attributes and what they mean are the contract's, so that a column is described in one place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contract.derive.spark_schema import spark_schema
from lakehouse.contract.model import Column, Table
from lakehouse.gold.keys import NOT_APPLICABLE, UNKNOWN, natural_key, part, surrogate_key
from lakehouse.gold.scd2 import BEGINNING, KEY, OPEN_END, Attribute
from lakehouse.runtime.lake import Lake

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
    def attributes(self) -> tuple[Attribute, ...]:
        """What the core is to follow."""
        columns = (self.table.column(name) for name in self.table.track_history)
        return tuple(Attribute(name=c.name, null_is=c.null_is) for c in columns)


def dimensions(lake: Lake) -> tuple[Dimension, ...]:
    """The dimensions of `gold.fact_sales`, in the order in which they are written."""
    return tuple(
        Dimension(name=name, table=lake.table(table), natural_key=lake.catalog.natural_key(table), unknown=unknown)
        for name, table, unknown in (
            ("customer", "gold.dim_customer", "GUEST"),
            ("product", "gold.dim_product", "(unknown)"),
            ("store", "gold.dim_store", "(unknown)"),
        )
    )


def key_of(dimension: Dimension, prefix: str = "") -> SparkColumn:
    """The natural key of a line in columns with `prefix`; NULL where the line says none."""
    source = F.col(f"{prefix}source_system")
    keys = [
        F.when(source == name, natural_key([F.col(f"{prefix}{c}") for c in columns]))
        for name, columns in dimension.natural_key.items()
    ]
    return F.coalesce(*keys)


def observation(dimension: Dimension, prefix: str = "") -> SparkColumn:
    """What a line in columns with `prefix` observes, as a struct of the core's columns; NULL without a key."""
    key, source = key_of(dimension, prefix), F.col(f"{prefix}source_system")
    told = [_told(dimension.table.column(a.name), prefix).alias(a.name) for a in dimension.attributes]
    seen = F.struct(
        source.alias("source_system"),
        key.alias("natural_key"),
        F.col(f"{prefix}ordered_at").alias("at"),
        F.col(f"{prefix}sale_id").alias("rank"),
        *told,
    )
    return F.when(key.isNotNull(), seen)


def observations(dimension: Dimension, lines: DataFrame) -> DataFrame:
    """What live lines observe."""
    return lines.select(observation(dimension).alias("seen")).where("seen IS NOT NULL").select("seen.*")


def _told(column: Column, prefix: str) -> SparkColumn:
    value = F.col(f"{prefix}{column.name}")
    return F.when(F.col(f"{prefix}source_system").isin(*column.told_by), value) if column.told_by else value


def rows_of(dimension: Dimension, versions: DataFrame) -> DataFrame:
    """Rows of the contract from versions of the core."""
    made = {c.name: _constant(dimension, c) for c in dimension.table.columns if c.name not in versions.columns}
    made |= {dimension.sk: surrogate_key(*KEY, "valid_from"), dimension.id: F.col(KEY[1])}
    kept = {*versions.columns}
    chosen = [F.col(c.name) if c.name in kept else made[c.name].alias(c.name) for c in dimension.table.columns]
    return versions.select(*chosen)


def _constant(dimension: Dimension, column: Column) -> SparkColumn:
    """What follows from the natural key alone: a part of it, or whether it is one of those listed."""
    source, key = (F.col(name) for name in KEY)
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


def versions_of(dimension: Dimension, rows: DataFrame) -> DataFrame:
    """Versions of the core from rows of the contract, without the members; keeps the surrogate key."""
    return rows.where(F.col(dimension.sk) >= 0).withColumnRenamed(dimension.id, "natural_key")


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
