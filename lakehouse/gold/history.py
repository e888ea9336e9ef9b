"""The history of one key: its versions, and how many facts point at each.

In: the newest release, a dimension and a natural key. Out: rows, by source and time. Guaranteed: what is shown
is of one release.
"""

from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.contract.model import Column
from lakehouse.errors import UsageError
from lakehouse.gold.dimensions import Dimension, dimensions
from lakehouse.gold.release import FACT, newest, read_table
from lakehouse.runtime.lake import Lake

ENTITIES = ("customer", "product", "store")


def history(spark: SparkSession, lake: Lake, entity: str, key: str, source: str | None = None) -> list[dict[str, Any]]:
    """Each version of the key with its interval in UTC, its attributes and `facts`, how many point at it.

    Args:
        entity: one of `ENTITIES`.
        key: as in `<entity>_id`; a store is `country|state|city` or `country`.
        source: only of this feed; else of all that know the key.

    Raises:
        UsageError: there is no release yet, no such dimension, or no version of the key.
    """
    dimension = _dimension(lake, entity)
    release = newest(lake)
    if release is None:
        raise UsageError("there is no release of gold yet: lakehouse run --source NAME FILE makes one")
    rows = read_table(spark, lake, release, dimension.table.name).where(F.col(dimension.id) == key)
    if source is not None:
        rows = rows.where(F.col("source_system") == lake.source(source).name)
    told = [_told(c) for c in dimension.table.columns if not c.name.startswith("_")]
    versions = [row.asDict() for row in rows.select(*told).orderBy("source_system", "valid_from").collect()]
    if not versions:
        raise UsageError(f"no {entity} has the key {key!r}: keys are those of {dimension.table.name}.{dimension.id}")
    facts = read_table(spark, lake, release, FACT)
    here = facts.where(F.col(dimension.sk).isin([version[dimension.sk] for version in versions]))
    counts = {row[0]: row[1] for row in here.groupBy(dimension.sk).count().collect()}
    return [{**version, "facts": counts.get(version[dimension.sk], 0)} for version in versions]


def _told(column: Column) -> SparkColumn:
    """A column as Python gets it: a moment as date and time in UTC, not in the zone of this machine."""
    value = F.col(column.name)
    return value.cast("timestamp_ntz").alias(column.name) if column.type == "timestamp" else value


def _dimension(lake: Lake, entity: str) -> Dimension:
    for dimension in dimensions(lake):
        if dimension.name == entity:
            return dimension
    raise UsageError(f"there is no history of {entity!r}: there is one of {', '.join(ENTITIES)}")
