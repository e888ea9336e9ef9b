"""Releases looked at: what there is, and what one has that another has not.

In: `ops.releases` and the tables of two releases. Out: dictionaries for people and machines. Guaranteed: nothing
is changed; listing needs no Spark.
"""

from collections.abc import Sequence
from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contract.model import Table
from lakehouse.errors import UsageError
from lakehouse.gold.dimensions import dimensions
from lakehouse.gold.facts import MEASURES
from lakehouse.gold.release import COMPLETE, FACT, GOLD_TABLES, Release, find, read_table, releases
from lakehouse.runtime.lake import Lake


def listing(lake: Lake) -> list[dict[str, Any]]:
    """One row a release, the newest first; one past its retention is `expired`."""
    return [
        {
            "number": one.number,
            "release": one.release_id,
            "status": "expired" if one.status == COMPLETE and one.expired else one.status,
            "kind": one.kind,
            "silver version": one.silver_version,
            "facts": one.row_counts.get(FACT),
            "changes": sum(one.changes.values()),
            "created": one.created_at,
            "reason": one.reason,
            "versions": one.versions,
            "digests": one.digests,
        }
        for one in reversed(releases(lake))
    ]


def difference(spark: SparkSession, lake: Lake, old: str, new: str) -> dict[str, dict[str, Any]]:
    """What changed from one release to another, by table.

    Of a dimension: versions `added`, `removed`, `closed` (open before, not now) and `changed` otherwise. Of the
    facts: rows `added`, `removed`, `re-pointed` (other versions), `corrected` (anything else), and the sum of each
    measure that differs, as [before, after]. Tables without a difference are left out.

    Args:
        old, new: numbers or ids, or beginnings of ids.

    Raises:
        UsageError: there is no such release, or its versions may be gone.
    """
    before, after = (_readable(find(lake, name)) for name in (old, new))
    found = {}
    for name in GOLD_TABLES:
        if before.versions[name] != after.versions[name] and before.digests[name] != after.digests[name]:
            was, now = (read_table(spark, lake, one, name) for one in (before, after))
            found[name] = _facts(lake, was, now) if name == FACT else _dimension(lake.table(name), was, now)
    return {name: {what: count for what, count in told.items() if count} for name, told in found.items()}


def _readable(release: Release) -> Release:
    if release.expired:
        raise UsageError(f"release {release.number} is expired: its versions may have been cleaned up")
    return release


def _joined(table: Table, was: DataFrame, now: DataFrame) -> DataFrame:
    columns = [c.name for c in table.columns if not c.name.startswith("_")]
    sides = [rows.select(*table.keys, F.struct(*columns).alias(side)) for side, rows in (("was", was), ("now", now))]
    joined = sides[0].join(sides[1], list(table.keys), "full_outer")
    return joined.where(~F.col("was").eqNullSafe(F.col("now")))


def _dimension(table: Table, was: DataFrame, now: DataFrame) -> dict[str, Any]:
    rows = _joined(table, was, now)
    both = F.col("was").isNotNull() & F.col("now").isNotNull()
    closed = F.lit(False) if table.scd != 2 else both & F.col("was.is_current") & ~F.col("now.is_current")
    return _counted(rows, {"closed": closed, "changed": both & ~closed})


def _facts(lake: Lake, was: DataFrame, now: DataFrame) -> dict[str, Any]:
    table = lake.table(FACT)
    rows = _joined(table, was, now)
    both = F.col("was").isNotNull() & F.col("now").isNotNull()
    keys = [dimension.sk for dimension in dimensions(lake)]
    others = [c.name for c in table.columns if c.name not in keys]
    pointed, rest = (_differ(names) for names in (keys, others))
    told = _counted(rows, {"re-pointed": both & pointed, "corrected": both & rest})
    sums = [rows.agg(*(F.sum(name).alias(name) for name in MEASURES)).first() for rows in (was, now)]
    if sums[0] is not None and sums[1] is not None:
        told |= {name: [sums[0][name], sums[1][name]] for name in MEASURES if sums[0][name] != sums[1][name]}
    return told


def _differ(names: Sequence[str]) -> SparkColumn:
    was, now = (F.struct(*(F.col(f"{side}.{name}") for name in names)) for side in ("was", "now"))
    return ~was.eqNullSafe(now)


def _counted(rows: DataFrame, kinds: dict[str, Any]) -> dict[str, Any]:
    kinds = {"added": F.col("was").isNull(), "removed": F.col("now").isNull(), **kinds}
    row = rows.agg(*(F.count_if(condition).alias(name) for name, condition in kinds.items())).first()
    return row.asDict() if row is not None else {}
