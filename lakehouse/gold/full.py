"""Gold from nothing: the whole of silver, observed, versioned and pointed at.

In: a version of silver. Out: all tables of a release. Guaranteed: what is written depends on silver and the
contracts alone; the rows of each table are replaced in one commit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from pyspark.sql import DataFrame, SparkSession

from lakehouse.contract.model import Table
from lakehouse.gold import scd2, steady
from lakehouse.gold.build import Build, Written, refuse_collisions
from lakehouse.gold.calendar import calendar_rows
from lakehouse.gold.dimensions import Dimension, dimensions, members, rows_of
from lakehouse.gold.facts import fact_rows, live_lines
from lakehouse.gold.observations import followed, observations
from lakehouse.gold.overwrite import overwrite
from lakehouse.gold.release import FACT, read_table
from lakehouse.quality.digest import digest, digest_columns
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.side_by_side import side_by_side

ROWS_A_FILE = 250_000
"""So that a change of a few days touches few files of facts."""


def build_fully(build: Build) -> dict[str, Written]:
    """Write every table of the release.

    Raises:
        RefusedError: surrogate keys collide.
    """
    spark, lake = build.spark, build.lake
    lines = live_lines(build.sales())
    every = build.staged(_versions(build, lines), "versions")
    versions = {dimension: with_members(spark, dimension, every) for dimension in dimensions(lake)}
    side_by_side(partial(refuse_collisions, dimension, rows) for dimension, rows in versions.items())
    tables = list(tables_of(spark, lake, lines, versions))
    written = side_by_side(partial(_written, build, table, rows) for table, rows in tables)
    return {table.name: one for (table, _), one in zip(tables, written, strict=True)}


def _written(build: Build, table: Table, rows: DataFrame) -> Written:
    """One table's commit, and the digest of what it holds then."""
    version = overwrite(build, table, rows)
    release = replace(build.target, versions={table.name: version})
    found = digest(read_table(build.spark, build.lake, release, table.name), digest_columns(table))
    return Written(version=version, digest=found, changes={"insert": found.rows})


def _versions(build: Build, lines: DataFrame) -> DataFrame:
    """The same as `all_versions`, quicker: the core is given only keys that ever changed."""
    every = dimensions(build.lake)
    return steady.versions(observations(every, lines), followed(every), lambda said: build.staged(said, "sayings"))


def all_versions(lake: Lake, lines: DataFrame) -> DataFrame:
    """The versions of all keys of all dimensions, from live lines, in one pass of the core: what `verify` rebuilds."""
    every = dimensions(lake)
    return scd2.versions(observations(every, lines), None, followed(every))


def with_members(spark: SparkSession, dimension: Dimension, versions: DataFrame) -> DataFrame:
    """A dimension with history: its rows and its members."""
    return rows_of(dimension, versions).unionByName(members(spark, dimension))


def tables_of(
    spark: SparkSession, lake: Lake, lines: DataFrame, versions: Mapping[Dimension, DataFrame]
) -> Iterable[tuple[Table, DataFrame]]:
    """Each table of gold and its rows, facts last; none in more files than the facts need."""
    files = max(1, -(-lines.count() // ROWS_A_FILE))
    for dimension, rows in versions.items():
        yield dimension.table, rows.coalesce(files)
    date = lake.table("gold.dim_date")
    yield date, calendar_rows(spark, date, lake.settings.calendar).coalesce(1)
    fact = lake.table(FACT)
    spread = lines if files == 1 else lines.repartitionByRange(files, "order_date")
    yield fact, fact_rows(spread, fact, versions)
