"""Spark for a lakehouse of its size: the session, and tables as Spark reads them quickest.

In: a lakehouse. Out: the session, started where none runs, and tables. Guaranteed: the size changes how it computes,
never what.
"""

import json
from typing import TYPE_CHECKING

from lakehouse.ops import accounting
from lakehouse.ops.asking import rows_of, total
from lakehouse.ops.plain import Plain, plain_files
from lakehouse.runtime.lake import Lake

if TYPE_CHECKING:  # loaded where a session is wanted
    from pyspark.sql import DataFrame, SparkSession

SMALL_ROWS = 50_000
"""Up to so many landed rows it is small: planning a query then takes longer than its data."""


def session_for(lake: Lake, *, lasting: bool = False) -> "SparkSession":
    """The session; see `lakehouse.runtime.session.open_session`."""
    from lakehouse.runtime.session import open_session

    return open_session(lake.settings, small=_is_small(lake), lasting=lasting)


def _is_small(lake: Lake) -> bool:
    """By what has landed: what is not in the tables yet is what is to be worked on. Messages may have expired since."""
    events = max(rows_of(lake, "bronze.sales_events"), total(lake, accounting.TABLE, "rows_in", kind=accounting.EVENTS))
    return total(lake, "ops.landed_files", "records") + events <= SMALL_ROWS


def table_at(spark: "SparkSession", lake: Lake, table: str, version: int | None = None) -> "DataFrame":
    """A table as of a version, the newest where none is given.

    A small one is read as the Parquet files it consists of: Delta itself works out with three to five queries of its
    own which files there are, and that takes longer than they do.
    """
    plain = plain_files(lake, table, version)
    if plain is not None:
        return rows_of_files(spark, plain)
    options = {} if version is None else {"versionAsOf": str(version)}
    return spark.read.format("delta").options(**options).load(lake.location(table))


def rows_of_files(spark: "SparkSession", plain: Plain) -> "DataFrame":
    """The rows of a table's files; of a partitioned table without the columns of its partitions, which are NULL."""
    from pyspark.sql.types import StructType

    return spark.read.schema(StructType.fromJson(json.loads(plain.schema))).parquet(*plain.files)
