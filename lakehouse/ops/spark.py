"""The Spark session for a lakehouse of its size.

In: a lakehouse. Out: the session, started where none runs. Guaranteed: the size changes how it computes, never what.
"""

from typing import TYPE_CHECKING

from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake

if TYPE_CHECKING:  # loaded where a session is wanted
    from pyspark.sql import SparkSession

SMALL_ROWS = 50_000
"""Up to so many landed rows it is small: planning a query then takes longer than its data."""


def session_for(lake: Lake) -> "SparkSession":
    """The session; see `lakehouse.runtime.session.open_session`."""
    from lakehouse.runtime.session import open_session

    rows = sum(row["records"] or 0 for row in tables.read(lake, "ops.landed_files", ["records"]))
    return open_session(lake.settings, small=rows <= SMALL_ROWS)
