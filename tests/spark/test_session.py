"""The session is told, each time it is asked for, how large its tables are."""

from datetime import UTC, datetime

import pytest
from pyspark.sql import SparkSession

from lakehouse.bronze import ledger
from lakehouse.bronze.ledger import LANDED, Landing
from lakehouse.ops.spark import SMALL_ROWS, session_for
from lakehouse.runtime.lake import Lake

THEN = datetime(2025, 1, 1, tzinfo=UTC)


def landing(records: int) -> Landing:
    return Landing(
        source="superstore",
        sha256=f"{records}",
        as_of=THEN,
        as_of_from="given",
        file_name="a.csv",
        size=1,
        path=f"bronze/{records}.csv",
        landed_at=THEN,
        status=LANDED,
        records=records,
    )


@pytest.mark.parametrize("rows, large", [((SMALL_ROWS,), False), ((SMALL_ROWS, 1), True), ((), False)])
def test_the_size_is_that_of_what_has_landed(
    rows: tuple[int, ...], large: bool, spark: SparkSession, lake: Lake
) -> None:
    if rows:
        ledger.write(lake, [landing(records) for records in rows])
    assert session_for(lake) is spark
    told = spark.conf.get("spark.sql.adaptive.enabled"), spark.conf.get("spark.sql.shuffle.partitions")
    assert told == (("true", "2") if large else ("false", "1"))
