"""Gold by one step: only keys that a change of silver disturbs are rebuilt, only facts that change are touched.

In: the release before, and silver at two versions. Out: the differences of all tables. Guaranteed: the same rows
as a build from nothing (see lakehouse.gold.scd2 for why); nothing is written to a table before all is known.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold import scd2
from lakehouse.gold.build import Build, Written, commit, refuse_collisions
from lakehouse.gold.changes import changed_lines
from lakehouse.gold.difference import INSERT, Difference, counted, differing, write_difference
from lakehouse.gold.dimensions import Dimension, dimensions, row_of, versions_of
from lakehouse.gold.facts import live_lines
from lakehouse.gold.observations import followed, observations, observed
from lakehouse.gold.release import FACT, GOLD_TABLES, Release
from lakehouse.gold.repoint import fact_difference, facts_before
from lakehouse.gold.span import Span
from lakehouse.runtime.delta import signed
from lakehouse.runtime.side_by_side import side_by_side
from lakehouse.silver import SALES


def build_step(build: Build, span: Span) -> dict[str, Written]:
    """Write what differs from the release before.

    Raises:
        RefusedError: surrogate keys collide; nothing was written.
    """
    if build.base is None:
        raise ValueError("a step needs a release to start from")
    differences = differences_of(build, span)
    with signed(build.spark, build.target.release_id):  # once: the session has one signature for all its threads
        written = side_by_side(partial(_written, build, build.base, t, differences.get(t)) for t in GOLD_TABLES)
    return dict(zip(GOLD_TABLES, written, strict=True))


def differences_of(build: Build, span: Span) -> dict[str, Difference]:
    """The differences of all tables that differ, staged."""
    columns = [c.name for c in build.lake.table(SALES).business_columns]
    columns = list(dict.fromkeys(["source_system", "sale_id", *columns]))
    lines = build.staged(changed_lines(build, span, columns), "lines")
    if not build.kept("lines", "sale_id").num_rows:
        return {}
    changed = _histories(build, lines)
    facts = fact_difference(build, lines, changed)
    found = {d.table.name: difference for d, difference in changed.items()} | {FACT: facts}
    return {table: difference for table, difference in found.items() if not difference.empty}


def _histories(build: Build, lines: DataFrame) -> dict[Dimension, Difference]:
    """Rebuild the disturbed keys of all dimensions, in one pass of the core; those that differ."""
    every = dimensions(build.lake)
    before = versions_of(every, {d: build.before(d.table.name) for d in every})
    keys = build.staged(_disturbed(every, lines, before), "keys")
    known = build.kept("keys", "_known")["_known"].to_pylist()
    if not known:
        return {}
    present = scd2.of_keys(
        observations(every, lines.where("now IS NOT NULL").select("now.*")), keys.where("NOT _known")
    )
    if any(known):
        present = present.unionByName(_standing(build, keys.where("_known")))
    after = scd2.versions(present, None, followed(every))
    changed = differing(scd2.of_keys(before, keys), after, [*scd2.KEY, "valid_from"], before.columns)
    staged = build.staged(changed, "versions")
    names = set(build.kept("versions", "entity")["entity"].to_pylist())
    found = [d for d in every if d.name in names]
    return dict(zip(found, side_by_side(partial(_difference, build, d, staged) for d in found), strict=True))


def _disturbed(every: Sequence[Dimension], lines: DataFrame, before: DataFrame) -> DataFrame:
    """The keys that the changed lines disturb."""
    sides = [observed(every, f"{side}.").alias(side) for side in ("was", "now")]
    seen = lines.select(*sides).select(F.explode(F.arrays_zip("was", "now")).alias("seen")).select("seen.*")
    moved = seen.where(~F.col("was").eqNullSafe(F.col("now")))
    arriving, withdrawn = (moved.where(f"{side} IS NOT NULL").select(f"{side}.*") for side in ("now", "was"))
    return scd2.disturbed(before, arriving, withdrawn, None, followed(every))


def _standing(build: Build, keys: DataFrame) -> DataFrame:
    """What silver's live lines observe of keys: all of them, from its first day."""
    names = set(build.kept("keys", "entity")["entity"].to_pylist())
    every = dimensions(build.lake)
    return scd2.of_keys(observations(every, live_lines(build.sales()), names), keys)


def _difference(build: Build, dimension: Dimension, changed: DataFrame) -> Difference:
    """The difference of one dimension, as rows of its contract.

    Raises:
        RefusedError: a new version has the surrogate key of another one.
    """
    was, now = (F.when(F.col(side).isNotNull(), F.struct(*row_of(dimension, f"{side}."))) for side in ("was", "now"))
    rows = changed.where(F.col("entity") == dimension.name).select("_change", was.alias("was"), now.alias("now"))
    rows = rows.withColumn(dimension.sk, F.coalesce(f"was.{dimension.sk}", f"now.{dimension.sk}"))
    difference = counted(rows, dimension.table)
    if difference.counts[INSERT]:
        _refuse_new_collisions(dimension, difference, build.before(dimension.table.name))
    return difference


def _refuse_new_collisions(dimension: Dimension, difference: Difference, before: DataFrame) -> None:
    """A new version may share its key with another new one, or with one of an undisturbed key."""
    fresh = difference.rows.where(F.col("_change") == INSERT)
    columns = [dimension.sk, "source_system", dimension.id, "valid_from"]
    standing = before.join(F.broadcast(fresh.select(dimension.sk)), dimension.sk, "left_semi")
    refuse_collisions(dimension, standing.select(*columns).unionByName(fresh.select("now.*").select(*columns)))


def _written(build: Build, base: Release, table: str, difference: Difference | None) -> Written:
    """One table's commit, or none where nothing differs."""
    if difference is None:
        return Written(version=base.versions[table], digest=base.digest(table), changes={})
    contract = build.lake.table(table)

    def write(location: str) -> None:
        where = facts_before(build) if table == FACT and difference.was.rows else None
        write_difference(build.spark, location, difference, contract, where)

    version = commit(build, table, write)
    changes: Mapping[str, int] = {name: count for name, count in difference.counts.items() if count}
    return Written(version=version, digest=difference.digest_after(base.digest(table)), changes=changes)
