"""Gold by one step: only keys that a change of silver disturbs are rebuilt, only facts that change are touched.

In: the release before, and silver at two versions. Out: the differences of all tables. Guaranteed: the same rows
as a build from nothing (see lakehouse.gold.scd2 for why); nothing is written to a table before all is known.
"""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold import scd2
from lakehouse.gold.build import Build, Written, commit, refuse_collisions
from lakehouse.gold.changes import Span, changed_lines
from lakehouse.gold.difference import INSERT, Difference, staged_difference, write_difference
from lakehouse.gold.dimensions import Dimension, dimensions, observation, observations, rows_of, versions_of
from lakehouse.gold.facts import live_lines
from lakehouse.gold.release import GOLD_TABLES, Release
from lakehouse.gold.repoint import fact_difference
from lakehouse.silver import SALES

BOUNDED = {"gold.fact_sales": "order_date_sk"}
"""The column by whose values before a table is searched."""


def build_step(build: Build, span: Span) -> dict[str, Written]:
    """Write what differs from the release before.

    Raises:
        RefusedError: surrogate keys collide; nothing was written.
    """
    if build.base is None:
        raise ValueError("a step needs a release to start from")
    differences = differences_of(build, span)
    return {table: _written(build, build.base, table, differences.get(table)) for table in GOLD_TABLES}


def differences_of(build: Build, span: Span) -> dict[str, Difference]:
    """The differences of all tables that differ, staged."""
    columns = [c.name for c in build.lake.table(SALES).business_columns]
    columns = list(dict.fromkeys(["source_system", "sale_id", *columns]))
    lines = build.staged(changed_lines(build.sales(), build.lake, span, columns).coalesce(1), "lines")
    if lines.isEmpty():
        return {}
    disturbed = _disturbed(build, lines)
    changed = {
        dimension: _dimension_difference(build, dimension, lines, keys, known)
        for dimension, (keys, known) in disturbed.items()
    }
    facts = fact_difference(build, lines, changed)
    found = {d.table.name: difference for d, difference in changed.items()} | {"gold.fact_sales": facts}
    return {table: difference for table, difference in found.items() if not difference.empty}


def _disturbed(build: Build, lines: DataFrame) -> dict[Dimension, tuple[DataFrame, int]]:
    """Of each dimension with disturbed keys these keys, and how many of them it knew before."""
    parts = []
    for dimension in dimensions(build.lake):
        seen = lines.select(observation(dimension, "was.").alias("was"), observation(dimension, "now.").alias("now"))
        moved = seen.where(~F.col("was").eqNullSafe(F.col("now")))
        arriving, withdrawn = (moved.where(f"{side} IS NOT NULL").select(f"{side}.*") for side in ("now", "was"))
        before = versions_of(dimension, build.before(dimension.table.name))
        keys = scd2.disturbed(before, arriving, withdrawn, None, dimension.attributes)
        parts.append(keys.withColumn("_dimension", F.lit(dimension.name)))
    every = build.staged(reduce(DataFrame.unionByName, parts).coalesce(1), "keys")
    counted = every.groupBy("_dimension").agg(F.count_if("_known")).collect()
    known_keys = {name: int(count) for name, count in counted}
    return {
        dimension: (every.where(F.col("_dimension") == dimension.name), known_keys[dimension.name])
        for dimension in dimensions(build.lake)
        if dimension.name in known_keys
    }


def _dimension_difference(
    build: Build, dimension: Dimension, lines: DataFrame, keys: DataFrame, known: int
) -> Difference:
    """Rebuild the disturbed keys: those never seen before from the change alone, the others from silver."""
    came = observations(dimension, lines.where("now IS NOT NULL").select("now.*"))
    present = scd2.of_keys(came, keys.where(~F.col("_known")))
    if known:
        sales = live_lines(build.sales())
        standing = observations(dimension, sales)
        present = present.unionByName(scd2.of_keys(standing, keys.where("_known")))
    after = rows_of(dimension, scd2.versions(present, None, dimension.attributes))
    every = build.before(dimension.table.name)
    before = scd2.of_keys(versions_of(dimension, every), keys).withColumnRenamed("natural_key", dimension.id)
    difference = staged_difference(build.spark, before, after, dimension.table, build.path(dimension.name))
    if difference.counts[INSERT]:
        _refuse_new_collisions(dimension, difference, every, after)
    return difference


def _refuse_new_collisions(dimension: Dimension, difference: Difference, every: DataFrame, after: DataFrame) -> None:
    """A new version may share its key with another new one, or with one of an undisturbed key."""
    fresh = difference.rows.where(F.col("_change") == INSERT)
    columns = [dimension.sk, "source_system", dimension.id, "valid_from"]
    standing = every.join(F.broadcast(fresh.select(dimension.sk)), dimension.sk, "left_semi")
    refuse_collisions(dimension, standing.select(*columns).unionByName(fresh.select("now.*").select(*columns)))


def _written(build: Build, base: Release, table: str, difference: Difference | None) -> Written:
    """One table's commit, or none where nothing differs."""
    if difference is None:
        return Written(version=base.versions[table], digest=base.digest(table), changes={})
    contract = build.lake.table(table)

    def write(location: str) -> None:
        bound = BOUNDED.get(table)
        write_difference(build.spark, location, difference, contract, build.target.release_id, bound)

    version = commit(build, table, write)
    changes: Mapping[str, int] = {name: count for name, count in difference.counts.items() if count}
    return Written(version=version, digest=difference.digest_after(base.digest(table)), changes=changes)
