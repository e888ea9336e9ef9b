"""What every writer of a Delta table does: create it from its contract, sign its commits.

In: a session, a contract, an id. Out: a table, commits that carry the id as `userMetadata`. Guaranteed: a commit that a
killed run made is found again by its id.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

from lakehouse.contract.derive.delta_table import create_statement
from lakehouse.contract.model import Table
from lakehouse.runtime.held import check_held
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.options import options_set

USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"


@contextmanager
def signed(spark: SparkSession, commit_id: str) -> Iterator[None]:
    """Commits made inside carry the id as `userMetadata`."""
    with options_set(spark, {USER_METADATA: commit_id}):
        yield


def create_table(spark: SparkSession, lake: Lake, table: Table) -> None:
    """Create the table from its contract where it is not there yet."""
    if not lake.has_table(table.name):
        check_held()
        spark.sql(create_statement(table, lake.location(table.name)))
