"""The job from silver to gold: the release that follows from what is in silver now.

In: silver at its newest version, and the newest complete release. Out: a complete release, which may be the one
there was. Guaranteed: gold's lease is held throughout; what a killed run began is finished first, from the same
versions, so that after any kill one more run ends in the same digests.
"""

from dataclasses import replace

from pyspark.sql import SparkSession

from lakehouse.gold.build import Build, RefusedError, Written, point_after
from lakehouse.gold.full import build_fully
from lakehouse.gold.pending import can_go_on, next_release
from lakehouse.gold.release import FULL, GOLD_TABLES, REFUSED, Release, completed, newest, under_way, write
from lakehouse.gold.span import Span, span_between
from lakehouse.gold.step import build_step
from lakehouse.ops import tables
from lakehouse.ops.compaction import compact_merged
from lakehouse.ops.killpoints import reached
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import own_jvm
from lakehouse.runtime.storage import Lease, Say
from lakehouse.silver import SALES

GOLD = "gold"

GOLD_POINTS = (
    "gold-begun",
    *(point_after(table) for table in GOLD_TABLES),
    "gold-before-release",
    "gold-after-release",
)
"""The kill points of this job: after the row `building`, after each table, before and after the row `complete`."""


def bring_to_gold(
    spark: SparkSession,
    lake: Lake,
    *,
    wait: bool = True,
    say: Say = lambda _: None,
) -> Release | None:
    """Make a release of what is in silver.

    Args:
        wait: wait for another writer of gold; else fail.
        say: takes a line of progress.

    Returns:
        The newest complete release; the one there was where silver has nothing new, None where there is no silver.

    Raises:
        JobError: a gate refused the release, or someone wrote to gold without its lease; readers see the release
            there was.
    """
    with lake.lease(GOLD, wait=wait, say=say) as held:
        held.guard(own_jvm())
        begun, base = under_way(lake), newest(lake)
        if begun is not None and can_go_on(lake, begun, base):
            say(f"finishing release {begun.release_id}, which a killed run began")
            base = _built(spark, lake, begun, base, held)
        elif begun is not None:
            lake.clear_staging(begun.release_id)
            write(lake, replace(begun, status=REFUSED, reason="abandoned: rules, tables or the release before changed"))
        version = tables.version(lake, SALES)
        if version is None:
            return base
        target = next_release(lake, base, version)
        if target is None:
            return base
        say(f"building release {target.release_id} ({target.kind}) from version {version} of {SALES}")
        return _built(spark, lake, target, base, held)


def _built(spark: SparkSession, lake: Lake, target: Release, base: Release | None, held: Lease) -> Release:
    """Build and publish one release."""
    write(lake, target)
    reached("gold-begun")
    build = Build(spark=spark, lake=lake, target=target, base=base, held=held)
    lake.clear_staging(target.release_id)
    try:
        written = build_fully(build) if target.kind == FULL else _stepped(build)
    except RefusedError as refusal:
        lake.clear_staging(target.release_id)
        write(lake, replace(target, status=REFUSED, reason=str(refusal)))
        raise
    lake.clear_staging(target.release_id)  # first: nobody looks for what a kill left of a complete release
    reached("gold-before-release")
    held.check()
    release = completed(_with_tables(target, written))
    write(lake, release)
    reached("gold-after-release")
    return release


def _stepped(build: Build) -> dict[str, Written]:
    """A step; where a table then has many small files, the release names the version without them."""
    written = build_step(build, _span(build.lake, build.target, build.base))
    for table, one in written.items():
        if one.changes and compact_merged(build.spark, build.lake, table):
            written[table] = replace(one, version=tables.version(build.lake, table) or one.version)
    return written


def _span(lake: Lake, target: Release, base: Release | None) -> Span:
    if base is None:
        raise ValueError("a step needs a release to start from")
    return span_between(lake, base.silver_version, target.silver_version)


def _with_tables(target: Release, written: dict[str, Written]) -> Release:
    return replace(
        target,
        versions={name: one.version for name, one in written.items()},
        row_counts={name: one.digest.rows for name, one in written.items()},
        digests={name: str(one.digest) for name, one in written.items()},
        changes={
            f"{name.partition('.')[2]}.{what}": count
            for name, one in written.items()
            for what, count in one.changes.items()
        },
    )
