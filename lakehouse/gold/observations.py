"""What a sale line says of its customer, product and store: the facts that history is made of.

In: live sale lines, or structs of them. Out: observations of the core, of all dimensions. Guaranteed: pure; which
columns tell what stands in the contracts and in the sources' `natural_keys`.
"""

from collections.abc import Collection, Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract.derive.spark_schema import SPARK_TYPES
from lakehouse.contract.model import Column
from lakehouse.gold.dimensions import Dimension
from lakehouse.gold.keys import natural_key
from lakehouse.gold.scd2 import Attribute


def key_of(dimension: Dimension, prefix: str = "") -> SparkColumn:
    """The natural key of a line in columns with `prefix`; NULL where the line says none."""
    source = F.col(f"{prefix}source_system")
    keys = [
        F.when(source == name, natural_key([F.col(f"{prefix}{c}") for c in columns]))
        for name, columns in dimension.natural_key.items()
    ]
    return F.coalesce(*keys)


def followed(every: Sequence[Dimension]) -> tuple[Attribute, ...]:
    """The attributes of all dimensions, for one pass of the core: each is told of one of them, NULL of the others."""
    return tuple(attribute for dimension in every for attribute in dimension.attributes)


def observed(every: Sequence[Dimension], prefix: str = "") -> SparkColumn:
    """What a line in columns with `prefix` observes: an array with a struct of the core's columns a dimension.

    The struct is NULL where the line does not tell the key.
    """
    return F.array(*(_observation(dimension, every, prefix) for dimension in every))


def observations(every: Sequence[Dimension], lines: DataFrame, names: Collection[str] | None = None) -> DataFrame:
    """What live lines observe: a row a line and dimension whose key it tells; `names` are the dimensions wanted."""
    wanted = [_observation(d, every, "") for d in every if names is None or d.name in names]
    seen = lines.select(F.explode(F.array(*wanted)).alias("seen"))
    return seen.where("seen IS NOT NULL").select("seen.*")


def _observation(dimension: Dimension, every: Sequence[Dimension], prefix: str) -> SparkColumn:
    key, source = key_of(dimension, prefix), F.col(f"{prefix}source_system")
    told = [
        (_told(column, prefix) if one is dimension else F.lit(None).cast(SPARK_TYPES[column.type])).alias(column.name)
        for one in every
        for column in one.columns
    ]
    seen = F.struct(
        F.lit(dimension.name).alias("entity"),
        source.alias("source_system"),
        key.alias("natural_key"),
        F.col(f"{prefix}ordered_at").alias("at"),
        F.col(f"{prefix}sale_id").alias("rank"),
        *told,
    )
    return F.when(key.isNotNull(), seen)


def _told(column: Column, prefix: str) -> SparkColumn:
    value = F.col(f"{prefix}{column.name}")
    return F.when(F.col(f"{prefix}source_system").isin(*column.told_by), value) if column.told_by else value
