"""Gold's promises, checked on the newest release.

In: the tables of the newest complete release, and the silver they were built from. Out: findings. Guaranteed:
nothing is changed; what speaks against a promise is told with its keys.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import TimestampType

from lakehouse.gold.dimensions import Dimension, dimensions
from lakehouse.gold.facts import MEASURES, live_lines
from lakehouse.gold.full import all_versions, tables_of, with_members
from lakehouse.gold.release import FACT, GOLD_TABLES, Release, newest, read_table
from lakehouse.gold.scd2 import BEGINNING
from lakehouse.ops.spark import table_at
from lakehouse.quality.digest import digest, digest_columns
from lakehouse.quality.findings import EXAMPLES, Finding, finding
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import own_jvm
from lakehouse.runtime.side_by_side import side_by_side
from lakehouse.runtime.storage import Say
from lakehouse.silver import SALES

FOLDER = "verify"
"""What is built anew, below the staging of the lakehouse."""


def gold_findings(
    spark: SparkSession, lake: Lake, *, rebuild: bool = False, say: Say = lambda _: None
) -> list[Finding]:
    """All checks of the newest release; none where there is no release.

    Args:
        rebuild: also build gold from nothing, beside, and compare digests.
        say: takes a line of progress.
    """
    release = newest(lake)
    if release is None:
        return []
    say(f"checking gold, release {release.release_id}")
    tables = {name: read_table(spark, lake, release, name) for name in GOLD_TABLES}
    checks: list[Callable[[], Finding]] = []
    for dimension in dimensions(lake):
        rows = tables[dimension.table.name]
        checks += [
            partial(unique_keys, dimension.table.name, rows, [dimension.sk]),
            partial(true_intervals, dimension, rows),
        ]
    checks += [
        partial(unique_keys, FACT, tables[FACT], ["source_system", "sale_id"]),
        partial(facts_hit_versions, lake, tables),
        partial(every_line_once, live_lines(table_at(spark, lake, SALES, release.silver_version)), tables[FACT]),
    ]
    found = [_as_recorded(lake, release, tables), *side_by_side(checks)]
    if rebuild:
        say("building gold anew from silver")
        found.append(_rebuilt(spark, lake, release, say))
    return found


def unique_keys(name: str, rows: DataFrame, keys: list[str]) -> Finding:
    """No two rows of a table share its key."""
    doubled = rows.groupBy(*keys).count().where("count > 1").orderBy(*keys).limit(EXAMPLES)
    return finding(f"one row a key in {name}", ", ".join(keys), _dicts(doubled))


def true_intervals(dimension: Dimension, rows: DataFrame) -> Finding:
    """No overlap, no gap (no source ends a key), the first from 1900 on, the last one current and no other."""
    key = Window.partitionBy("source_system", dimension.id).orderBy("valid_from")
    placed = rows.withColumns({"_before": F.lag("valid_to").over(key), "_next": F.lead("valid_from").over(key)})
    begins = F.coalesce("_before", F.lit(BEGINNING).cast("timestamp"))
    wrong = (
        F.when(F.col("valid_from") < begins, "overlaps")
        .when(F.col("valid_from") > begins, "follows a gap")
        .when(F.col("is_current") != F.col("_next").isNull(), "is the last or current, not both")
        .when(F.col("valid_from") >= F.col("valid_to"), "is empty")
        .when(
            (F.col("first_observed_at") < F.col("valid_from")) | (F.col("first_observed_at") >= F.col("valid_to")),
            "was observed outside itself",
        )
    )
    columns = [dimension.sk, "source_system", dimension.id, "valid_from", "valid_to", "is_current", "wrong"]
    found = placed.withColumn("wrong", wrong).where("wrong IS NOT NULL").select(*columns)
    told = f"intervals of {rows.count()} row(s)"
    return finding(f"history is true in {dimension.table.name}", told, _dicts(found.orderBy(*columns[1:4])))


def facts_hit_versions(lake: Lake, tables: dict[str, DataFrame]) -> Finding:
    """Each fact's keys are those of one version each, of its source, that covers `ordered_at`; its days exist."""
    rows, wrong = tables[FACT], []
    for d in dimensions(lake):
        there = tables[d.table.name].select(
            F.col(d.sk), F.struct("source_system", "valid_from", "valid_to").alias(f"_{d.name}")
        )
        rows = rows.join(there, d.sk, "left")
        version, member = F.col(f"_{d.name}"), F.col(d.sk) < 0
        covers = (version["valid_from"] <= F.col("ordered_at")) & (F.col("ordered_at") < version["valid_to"])
        right = covers & (member | (version["source_system"] == F.col("source_system")))
        wrong.append(F.when(~F.coalesce(right, F.lit(False)), d.sk))
    for name in ("order_date_sk", "ship_date_sk"):
        days = tables["gold.dim_date"].select(F.col("date_sk").alias(name), F.lit(True).alias(f"_{name}"))
        rows = rows.join(F.broadcast(days), name, "left")
        wrong.append(F.when(F.col(f"_{name}").isNull(), name))
    found = rows.withColumn("wrong", F.filter(F.array(*wrong), lambda name: name.isNotNull())).where("size(wrong) > 0")
    columns = ["source_system", "sale_id", "ordered_at", *(d.sk for d in dimensions(lake)), "wrong"]
    promise = "each fact points at the version valid when the sale was made"
    return finding(promise, "3 versions and 2 days a fact", _dicts(found.select(*columns)))


def every_line_once(lines: DataFrame, facts: DataFrame) -> Finding:
    """Count and sums of silver's live lines and of the facts are the same, source by source."""
    wanted = [F.count(F.lit(1)).alias("rows"), *(F.sum(name).alias(name) for name in MEASURES)]
    silver, gold = (rows.groupBy("source_system").agg(*wanted).collect() for rows in (lines, facts))
    there, here = ({row["source_system"]: row.asDict() for row in side} for side in (silver, gold))
    wrong = []
    for source in sorted({*there, *here}):
        one, other = there.get(source, {}), here.get(source, {})
        differing = [name for name in ("rows", *MEASURES) if one.get(name) != other.get(name)]
        wrong += [{"source": source, "column": n, "silver": one.get(n), "gold": other.get(n)} for n in differing]
    count = sum(row["rows"] for row in there.values())
    return finding("every live sale line is a fact, once", f"{count} line(s), {len(MEASURES)} sum(s) a source", wrong)


def _as_recorded(lake: Lake, release: Release, tables: dict[str, DataFrame]) -> Finding:
    """The digests that were carried from release to release are those of the tables."""
    counted = side_by_side(partial(digest, rows, digest_columns(lake.table(name))) for name, rows in tables.items())
    wrong = [
        {"table": name, "recorded": release.digests[name], "counted": str(found)}
        for name, found in zip(tables, counted, strict=True)
        if str(found) != release.digests[name]
    ]
    return finding("gold is what its release says", f"digests of {len(tables)} table(s)", wrong)


def _rebuilt(spark: SparkSession, lake: Lake, release: Release, say: Say) -> Finding:
    """Promise 5: gold is a pure function of silver."""
    lines = live_lines(table_at(spark, lake, SALES, release.silver_version))
    with _folder(lake, say) as folder:
        all_versions(lake, lines).write.parquet(folder)
        every = spark.read.parquet(folder)
        versions = {dimension: with_members(spark, dimension, every) for dimension in dimensions(lake)}
        tables = list(tables_of(spark, lake, lines, versions))
        found = side_by_side(partial(digest, rows, digest_columns(table)) for table, rows in tables)
        anew = {table.name: str(one) for (table, _), one in zip(tables, found, strict=True)}
    wrong = [
        {"table": name, "live": release.digests[name], "rebuilt": anew[name]}
        for name in GOLD_TABLES
        if anew[name] != release.digests[name]
    ]
    return finding("gold equals gold rebuilt from silver", f"version {release.silver_version} of silver", wrong)


@contextmanager
def _folder(lake: Lake, say: Say) -> Iterator[str]:
    """A folder for versions built anew: one at a time, so that what a killed one left is known to be nobody's."""
    with lake.lease("verify", say=say) as held:
        held.guard(own_jvm())
        lake.clear_staging(FOLDER)
        try:
            yield lake.staging(FOLDER)
        finally:
            lake.clear_staging(FOLDER)


def _dicts(rows: DataFrame) -> list[dict[str, Any]]:
    """Some rows; moments as they are in UTC, not in the zone of this machine."""
    kinds = {f.name: "timestamp_ntz" if f.dataType == TimestampType() else f.dataType for f in rows.schema}
    told = rows.select(*(F.col(name).cast(kind).alias(name) for name, kind in kinds.items()))
    return [row.asDict(recursive=True) for row in told.limit(EXAMPLES).collect()]
