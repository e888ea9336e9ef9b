"""The batch protocol: a landing or messages into silver, exactly accounted for, killed and repeated at will.

In: judged rows of a landing, or of messages, under silver's lease. Out: its accounting, silver with its statements.
Guaranteed: stage -> classify against a pinned version -> gate -> quarantine and accounting `prepared` -> MERGE
-> compare -> `done`. After a kill anywhere, doing it again ends in the same tables and the same accounting.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import JobError
from lakehouse.ops import accounting, quarantine, tables
from lakehouse.ops.accounting import HELD, REPLAY, Accounting, batch_id_of
from lakehouse.ops.killpoints import reached
from lakehouse.ops.plain import is_read_wholly
from lakehouse.ops.spans import Spans
from lakehouse.ops.spark import table_at
from lakehouse.quality.checks import Rules
from lakehouse.quality.rejected import quarantined_rows
from lakehouse.runtime.delta import create_table
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.options import options_set
from lakehouse.runtime.session import is_adaptive
from lakehouse.runtime.storage import Lease
from lakehouse.silver import CHANGES, SALES, UPDATES, upsert
from lakehouse.silver.bounds import FEW_ROWS, Bounds, bounds_of, everywhere
from lakehouse.silver.classify import classified, with_keys_of
from lakehouse.silver.dedupe import losers, with_standing
from lakehouse.silver.replay import stands_replayed, store_replayed
from lakehouse.silver.settle import settle
from lakehouse.silver.tally import Tally, class_counts, tally


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """A landing, or messages, on the way into silver: one of the two; an `accepted` batch is not held by gates."""

    kind: str
    rules: Rules
    landing_id: str | None = None
    spans: Spans | None = None
    generation: int = 0
    accepted: bool = False

    @property
    def id(self) -> str:
        """Derived from kind, landing or spans, and generation."""
        about = self.landing_id if self.spans is None else f"{self.spans.topic} {self.spans.offsets}"
        return batch_id_of(self.kind, about or "", self.generation)

    @property
    def kept_out(self) -> str:
        """SQL: the rows of the quarantine that an attempt at it replaces."""
        if self.spans is not None:
            return quarantine.of_messages(self.spans)
        return quarantine.of_landing(self.landing_id or "")


def process(spark: SparkSession, lake: Lake, batch: Batch, judged: DataFrame, lease: Lease) -> Accounting:
    """Bring judged rows into silver and account for them; a batch that a gate holds is recorded as `held`.

    Args:
        judged: see `lakehouse.silver.judge` for the columns.

    Raises:
        JobError: the accounting does not close or Delta did other than was classified.
    """
    staging = new_staging(lake)
    reached("batch-begun")
    rows = staged(spark, judged.withColumn("_batch_id", F.lit(batch.id)), f"{staging}/rows")
    standing = rows.transform(with_standing, staged(spark, losers(rows), f"{staging}/losers"))
    replays = batch.spans if batch.kind == REPLAY else None
    if replays:
        standing = stands_replayed(spark, lake, replays, standing)
    reached("staged")
    counted = tally(standing, batch.rules)
    winners = standing.where(F.col("_standing") == "winner")
    compared = _compared(spark, lake, batch, winners, counted.standing["winner"], f"{staging}/classified")
    prepared = _accounted(batch, counted, compared)
    reached("classified")
    if prepared.status == HELD:
        lake.clear_staging(SALES)
        accounting.write(lake, prepared)
        return prepared
    lease.check()
    if not replays:
        _keep_out(spark, lake, batch, standing, counted, f"{staging}/rejected")
    reached("quarantined")
    accounting.write(lake, prepared)
    if replays:  # after its books, so that a killed one is found and done again
        store_replayed(lake, replays, standing)
    reached("prepared")
    _merge(spark, lake, batch, compared, prepared, lease)
    reached("merged")
    return settle(lake, prepared)


def new_staging(lake: Lake) -> str:
    """Where silver keeps what is worked out now, under its lease: a folder of this attempt's own.

    What earlier ones left is removed; a JVM that outlived its lease may still write there, and nobody reads it.
    """
    lake.clear_staging(SALES)
    return f"{lake.staging(SALES)}/{uuid4().hex}"


def _keep_out(
    spark: SparkSession, lake: Lake, batch: Batch, standing: DataFrame, counted: Tally, location: str
) -> None:
    """Store the rows that were rejected, in place of what an earlier attempt left."""
    if counted.standing["quarantined"] or quarantine.has_rows(lake, batch.kept_out):
        rejected = quarantined_rows(standing, batch.id, batch.rules.fingerprint(), datetime.now(UTC))
        staged(spark, rejected, location)
        quarantine.store(lake, location, batch.kept_out)


def staged(spark: SparkSession, rows: DataFrame, location: str) -> DataFrame:
    """The rows, computed once and kept beside the tables until the batch is done."""
    rows.write.options(**{"compression": "snappy", "parquet.enable.dictionary": "false"}).parquet(location)
    return spark.read.schema(rows.schema).parquet(location)


def refuse_other_writers(lake: Lake, pinned: int) -> None:
    """Silver must be as it was when the changes were worked out.

    Raises:
        JobError: someone wrote to it without its lease.
    """
    if tables.version(lake, SALES) != pinned:
        raise JobError("silver.sales was written by someone without its lease: run the command again")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Compared:
    """The winners of a batch with their classes, the version of silver they met, and where in it they can be."""

    changes: DataFrame
    pinned: int
    bounds: Bounds


PLANNED_ONCE = {"spark.sql.adaptive.enabled": "false", "spark.sql.broadcastTimeout": "-1"}
"""For a query whose joins are settled: whenever it is planned, Delta asks anew which rows are marked as deleted."""


def _compared(
    spark: SparkSession, lake: Lake, batch: Batch, winners: DataFrame, count: int, location: str
) -> _Compared:
    """Compare the winners with silver as it is now."""
    table = batch.rules.table
    create_table(spark, lake, table)
    pinned = tables.version(lake, SALES) or 0
    silver = table_at(spark, lake, SALES)  # as a version, Delta would work out its files anew
    if pinned == 0:  # nothing was ever written, and the planner leaves the join out
        nothing = spark.createDataFrame([], silver.schema)
        bounds = everywhere(batch.rules.source)
        return _Compared(changes=classified(winners, nothing, table.business_columns), pinned=pinned, bounds=bounds)
    whole = is_read_wholly(lake, SALES)
    bounds = everywhere(batch.rules.source) if whole else bounds_of(winners, count, batch.rules.source)
    standing = silver.where(bounds(""))
    few = count <= FEW_ROWS and is_adaptive(spark)
    found = classified(winners, with_keys_of(winners, standing) if few else standing, table.business_columns)
    with options_set(spark, PLANNED_ONCE if few else {}):
        changes = staged(spark, found, location)
    refuse_other_writers(lake, pinned)
    return _Compared(changes=changes, pinned=pinned, bounds=bounds)


def _accounted(batch: Batch, counted: Tally, compared: _Compared) -> Accounting:
    """The accounting as it will be; `held` where a gate says so."""
    classes, conflicts = class_counts(compared.changes)
    prepared = Accounting(
        batch_id=batch.id,
        kind=batch.kind,
        source=batch.rules.source.name,
        landing_id=batch.landing_id,
        topic=batch.spans.topic if batch.spans else None,
        offsets=batch.spans.offsets if batch.spans else None,
        generation=batch.generation,
        rule_fingerprint=batch.rules.fingerprint(),
        rows_in=counted.rows,
        silver_version=compared.pinned,
        classes=counted.classes_with(classes),
        conflicts=counted.conflicts + conflicts,
        normalised=counted.normalised,
        warnings=counted.warnings,
        reasons=counted.reasons,
        reason=counted.hold,
    )
    return replace(prepared, status=HELD) if counted.hold and not batch.accepted else prepared


def _merge(
    spark: SparkSession, lake: Lake, batch: Batch, compared: _Compared, prepared: Accounting, lease: Lease
) -> None:
    """MERGE where anything is to change: a no-op MERGE would still make a commit."""
    if not any(prepared.classes.get(name) for name in CHANGES):
        return
    lease.check()
    refuse_other_writers(lake, prepared.silver_version)
    updates = sum(prepared.classes.get(name, 0) for name in UPDATES)
    table = batch.rules.table
    upsert.merge_changes(spark, lake.location(SALES), compared.changes, compared.bounds, table, batch.id, updates)
