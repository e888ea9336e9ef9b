"""The facts that a change of silver touches: changed lines, and lines whose covering version is another now.

In: changed lines, and the differences of the dimensions. Out: the difference of `gold.fact_sales`. Guaranteed:
a fact is touched only where its own line changed, or where the time of its sale moved from one version to another.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import reduce

import pyarrow.compute as pc
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.build import Build
from lakehouse.gold.calendar import number_of
from lakehouse.gold.difference import Difference, counted, differing
from lakehouse.gold.dimensions import Dimension, dimensions
from lakehouse.gold.facts import fact_rows, pointed
from lakehouse.gold.keys import UNKNOWN
from lakehouse.gold.release import FACT
from lakehouse.silver.bounds import ranges_of
from lakehouse.silver.order import KEYS


def fact_difference(build: Build, lines: DataFrame, changed: Mapping[Dimension, Difference]) -> Difference:
    """What is to change in the facts.

    Args:
        lines: changed lines, as structs `was` and `now`.
        changed: the differences of the dimensions that have disturbed keys.
    """
    table = build.lake.table(FACT)
    after_versions = {d: _rows_after(build, d, changed.get(d)) for d in dimensions(build.lake)}
    after = fact_rows(lines.where("now IS NOT NULL").select("now.*"), table, after_versions)
    names = [c.name for c in table.columns]
    regions = {d: _moved(d, difference) for d, difference in changed.items() if difference.was.rows}
    bounds = _bounds(build, regions)
    before = build.before(FACT).where(F.lit(False))
    if bounds is not None:
        touched = _touched(build.before(FACT).where(bounds), lines, regions)
        if regions:
            touched = build.staged(touched, "touched")
            after = after.unionByName(
                _repointed(touched.where("_line IS NULL"), regions, after_versions).select(*names)
            )
        before = touched.select(*names)
    return counted(build.staged(differing(before, after, table.keys, names), "facts"), table)


def facts_before(build: Build) -> SparkColumn:
    """Literal ranges, in the table as `t`, in which the facts are that the staged difference changes."""
    days = build.kept("facts", "was.order_date_sk").column(0).drop_null().to_pylist()
    inside = [F.col("t.order_date_sk").between(F.lit(low), F.lit(high)) for low, high in ranges_of(days)]
    return reduce(SparkColumn.__or__, inside)


def _rows_after(build: Build, dimension: Dimension, difference: Difference | None) -> DataFrame:
    """The dimension as it will be."""
    before = build.before(dimension.table.name)
    if difference is None or difference.empty:
        return before
    replaced = F.broadcast(difference.rows.where("was IS NOT NULL").select(dimension.sk))
    return before.join(replaced, dimension.sk, "left_anti").unionByName(
        difference.rows.where("now IS NOT NULL").select("now.*")
    )


def _moved(dimension: Dimension, difference: Difference) -> DataFrame:
    """The spans of time that left their version: its key, [`_since_…`, `_until_…`), and the natural key.

    A version that stays begins where it began, so that it can only lose at its end:

    before   [ sk 1          )        after   [ sk 1  )[ sk 2   )        moved   [ sk 1   )
    """
    shrunk = F.col("now").isNull() | (F.col("now.valid_to") < F.col("was.valid_to"))
    return difference.rows.where(F.col("was").isNotNull() & shrunk).select(
        F.col(dimension.sk).alias(f"_old_{dimension.sk}"),
        F.coalesce("now.valid_to", "was.valid_from").alias(f"_since_{dimension.name}"),
        F.col("was.valid_to").alias(f"_until_{dimension.name}"),
        F.col(f"was.{dimension.id}").alias(f"_moved_{dimension.name}"),
    )


def _bounds(build: Build, regions: Mapping[Dimension, DataFrame]) -> SparkColumn | None:
    """Literal ranges in which all facts lie that may be touched; None where none can be."""
    days = build.kept("lines", "was.order_date").column(0).drop_null().unique().to_pylist()
    day = F.col("order_date_sk")
    found = [day.between(F.lit(number_of(low)), F.lit(number_of(high))) for low, high in ranges_of(days)]
    at = F.col("ordered_at")
    found += [(at >= F.lit(since)) & (at < F.lit(until)) for since, until in _ends(build, regions)]
    return reduce(SparkColumn.__or__, found) if found else None


def _ends(build: Build, regions: Collection[Dimension]) -> Iterator[tuple[datetime, datetime]]:
    """The first and the last moment of what `_moved` gives, a dimension; read without Spark, whose times are local.

    Versions are staged only where a key was disturbed, so that they are not looked for where nothing has moved.
    """
    if not regions:
        return
    versions = build.kept("versions", "entity", "was.valid_from", "was.valid_to", "now.valid_to")
    was, now = pc.field("was.valid_to"), pc.field("now.valid_to")
    shrunk = versions.filter(was.is_valid() & (now.is_null() | (now < was)))
    for dimension in regions:
        moved = shrunk.filter(pc.field("entity") == dimension.name)
        if moved.num_rows:
            since = pc.min(pc.coalesce(moved["now.valid_to"], moved["was.valid_from"]))
            yield since.as_py(), pc.max(moved["was.valid_to"]).as_py()


def _touched(facts: DataFrame, lines: DataFrame, regions: Mapping[Dimension, DataFrame]) -> DataFrame:
    """The facts of changed lines (`_line`), and those in a moved span (`_moved_<name>`: its natural key)."""
    changed = lines.where("was IS NOT NULL").select(*KEYS, F.lit(True).alias("_line"))
    rows = facts.join(F.broadcast(changed), list(KEYS), "left")
    flags = [F.col("_line").isNotNull()]
    for d, moved in regions.items():
        inside = (F.col("ordered_at") >= F.col(f"_since_{d.name}")) & (F.col("ordered_at") < F.col(f"_until_{d.name}"))
        same = F.col(d.sk) == F.col(f"_old_{d.sk}")
        rows = rows.join(F.broadcast(moved), same & inside, "left").drop(
            f"_old_{d.sk}", f"_since_{d.name}", f"_until_{d.name}"
        )
        flags.append(F.col(f"_moved_{d.name}").isNotNull())
    return rows.where(reduce(SparkColumn.__or__, flags))


def _repointed(
    facts: DataFrame, regions: Mapping[Dimension, DataFrame], versions: Mapping[Dimension, DataFrame]
) -> DataFrame:
    """The facts with the surrogate keys of the versions that cover them now."""
    rows = facts
    for d in regions:
        moved = F.col(f"_moved_{d.name}")
        rows = pointed(rows, d, versions[d], moved)
        new = F.coalesce(F.col(f"_{d.sk}"), F.lit(UNKNOWN).cast("bigint"))
        rows = rows.withColumn(d.sk, F.when(moved.isNotNull(), new).otherwise(F.col(d.sk)))
    return rows
