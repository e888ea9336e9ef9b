"""The road into silver inside the test's own session, and what it came to, in the words of the oracle.

Files flow in; accountings and silver's rows flow out as plain Python values, so that they can be compared with
those of `tests.oracle`, which knows no Spark.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.landing import land
from lakehouse.ops.accounting import CLASSES, Accounting
from lakehouse.quality.checks import Rules, rules_of_files
from lakehouse.quality.digest import digest, digest_columns
from lakehouse.runtime.lake import Lake, in_folder
from lakehouse.runtime.settings import Settings
from lakehouse.silver import SALES
from lakehouse.silver.job import bring_to_silver
from tests.oracle.silver import State

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Standing(NamedTuple):
    """What a row of silver stands for: when it was said, whether it deletes, and the hash of what it says."""

    recorded_at: datetime
    is_deleted: bool
    content_hash: str


def lake_at(home: Path, like: Lake) -> Lake:
    """A lakehouse of the same configuration at another root."""
    settings: Settings = like.settings.model_copy(update={"home": home})
    return in_folder(replace(like, settings=settings), str(home))


def travel(
    spark: SparkSession, lake: Lake, source: str, files: Sequence[Path], as_of: datetime | None = None
) -> list[Accounting]:
    """Land files and bring what is pending into silver."""
    land(lake, lake.source(source), files, as_of=as_of)
    return bring_to_silver(spark, lake, source)


def rules_of(lake: Lake, source: str) -> Rules:
    return rules_of_files(lake, source)


def sales(spark: SparkSession, lake: Lake) -> DataFrame:
    return spark.read.format("delta").load(lake.location(SALES))


def digest_of(spark: SparkSession, lake: Lake) -> tuple[int, int]:
    """(rows, sum) of silver, as `tests.oracle.digest.digest` tells it."""
    found = digest(sales(spark, lake), digest_columns(lake.table(SALES)))
    return found.rows, found.sum


def moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def standings(rows: DataFrame) -> dict[tuple[str, str], Standing]:
    """Silver by key; fails where a key has two rows."""
    columns = ("source_system", "sale_id", F.unix_micros("recorded_at"), "is_deleted", "_content_hash")
    told = rows.select(*columns).collect()
    found = {(row[0], row[1]): Standing(moment(row[2]), row[3], row[4]) for row in told}
    assert len(found) == len(told), "a key has two rows"
    return found


def expected(state: State) -> dict[tuple[str, str], Standing]:
    """What `standings` must say of a state of the oracle."""
    return {key: Standing(*row.order) for key, row in state.items()}


def classes(batches: Iterable[Accounting]) -> Counter[str]:
    """The rows of all batches by class, without classes that have none."""
    total: Counter[str] = Counter()
    for batch in batches:
        total.update({name: batch.classes.get(name, 0) for name in CLASSES})
    return +total


def folder_of(path: Path, files: dict[str, bytes]) -> list[Path]:
    """The files, written."""
    path.mkdir(parents=True, exist_ok=True)
    written = []
    for name, data in files.items():
        written.append(path / name)
        written[-1].write_bytes(data)
    return written


def one(values: Sequence[Any]) -> Any:
    """The only one of them."""
    (value,) = values
    return value
