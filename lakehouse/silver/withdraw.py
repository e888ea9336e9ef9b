"""Withdrawal: landings taken back, as if they had never come.

In: landings of one source, under silver's lease. Out: silver with each line that stood as they said at the statement
that wins without them, or gone. Guaranteed: one commit for all of them; what counts among the rest is what was
accepted once, whatever today's rules say; after a kill anywhere, asking again ends in the same tables and books.
"""

from collections.abc import Callable, Sequence
from functools import reduce

from delta.tables import DeltaTable
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lakehouse.bronze import EVENTS, ledger
from lakehouse.bronze.ledger import EXPIRED, LANDED, Landing
from lakehouse.errors import UsageError
from lakehouse.ops import accounting, quarantine, tables, withdrawals
from lakehouse.ops.accounting import CSV, DONE
from lakehouse.ops.killpoints import reached
from lakehouse.ops.spark import table_at
from lakehouse.ops.withdrawals import Withdrawal
from lakehouse.quality.checks import rules_of_events, rules_of_files
from lakehouse.runtime.delta import signed
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import own_jvm
from lakehouse.runtime.storage import Lease
from lakehouse.silver import SALES
from lakehouse.silver.batch import new_staging, refuse_other_writers, staged
from lakehouse.silver.bounds import bounds_of
from lakehouse.silver.dedupe import PROVENANCE
from lakehouse.silver.judge import judged_events, judged_rows
from lakehouse.silver.messages import Known, known_messages
from lakehouse.silver.order import KEYS, rank
from lakehouse.silver.settle import settle_all, settle_withdrawal

RESTORED, REMOVED = "restored", "removed"


def withdraw(
    spark: SparkSession,
    lake: Lake,
    source: str,
    landing_ids: Sequence[str],
    *,
    wait: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Withdrawal:
    """Take landings back.

    Args:
        landing_ids: of landings of the source, in silver or not yet; those taken back before are left out.
        wait: wait for another writer of silver; else fail.
        say: takes a line where waiting begins.

    Raises:
        UsageError: none of them ever landed, or an expired file may hold what would win without them.
        JobError: silver was written by someone without its lease; asking again begins anew.
    """
    with lake.lease(SALES, wait=wait, say=say) as held:
        held.guard(own_jvm())
        settle_all(lake, wait=wait)
        landed = {one.landing_id: one for one in ledger.read(lake, source=source, status=LANDED)}
        taken = [landed.pop(one) for one in dict.fromkeys(landing_ids) if one in landed]
        if not taken:
            return _done_before(lake, landing_ids)
        _refuse_what_expired_files_may_say(lake, taken)
        return settle_withdrawal(lake, _merged(spark, lake, taken, list(landed.values()), held), wait=wait)


def _refuse_what_expired_files_may_say(lake: Lake, taken: Sequence[Landing]) -> None:
    """Raises UsageError where a file that is gone may have said of the same lines what now would have to win."""
    source, last = taken[0].source, max(one.as_of for one in taken)
    gone = [one for one in ledger.read(lake, source=source, status=EXPIRED) if one.as_of <= last]
    if gone:
        raise UsageError(
            f"{taken[0].file_name} cannot be taken back: {len(gone)} raw file(s) as of before it have expired, "
            f"such as {gone[0].file_name}, and may hold other statements about its lines; land a correction instead"
        )
    if topics := [one.spans.topic for one in known_messages(lake, source) if one.gone]:
        raise UsageError(
            f"{taken[0].file_name} cannot be taken back: messages of topic {topics[0]} have expired, and may hold "
            "other statements about its lines; land a correction instead"
        )


def _done_before(lake: Lake, landing_ids: Sequence[str]) -> Withdrawal:
    """The withdrawal that took them; a killed run's, which has been brought to its end just now, among others."""
    took = [one for one in withdrawals.read(lake, status=DONE) if {*landing_ids} & {*one.landing_ids}]
    if not took:
        raise UsageError(f"landing {', '.join(landing_ids)} is not landed: `lakehouse status` shows what is")
    return max(took, key=lambda one: one.prepared_at)


def _merged(
    spark: SparkSession, lake: Lake, taken: Sequence[Landing], others: Sequence[Landing], held: Lease
) -> Withdrawal:
    """Work out what changes, write it down, and bring it into silver."""
    source, pinned = lake.source(taken[0].source), tables.version(lake, SALES)
    withdrawal_id = withdrawals.next_id(lake, source.name, [one.landing_id for one in taken])
    staging = new_staging(lake)
    counts: dict[str, int] = {}
    deleted = 0
    if pinned is not None:
        changes = staged(spark, _changes(spark, lake, taken, others, withdrawal_id), f"{staging}/changes")
        rows = changes.groupBy("_class").agg(F.count(F.lit(1)), F.count_if("is_deleted")).collect()
        counts, deleted = {row[0]: row[1] for row in rows}, sum(row[2] for row in rows)
    prepared = Withdrawal(
        withdrawal_id=withdrawal_id,
        source=source.name,
        landing_ids=tuple(one.landing_id for one in taken),
        silver_version=pinned or 0,
        restored=counts.get(RESTORED, 0),
        removed=counts.get(REMOVED, 0),
        deleted=deleted,
    )
    withdrawals.write(lake, prepared)
    reached("withdrawal-prepared")
    if counts:
        held.check()
        refuse_other_writers(lake, prepared.silver_version)
        where = bounds_of(changes, sum(counts.values()), source)("t.")
        _merge(spark, lake, changes, where, withdrawal_id)
    reached("withdrawal-merged")
    return prepared


def _changes(
    spark: SparkSession, lake: Lake, taken: Sequence[Landing], others: Sequence[Landing], withdrawal_id: str
) -> DataFrame:
    """The lines that stand as the landings taken back said, each with the statement that wins without them."""
    sales = table_at(spark, lake, SALES)
    said = ((F.col("_source_file") == one.path) & (F.col("recorded_at") == F.lit(one.as_of)) for one in taken)
    those = (F.col("source_system") == taken[0].source) & reduce(SparkColumn.__or__, said)
    lines = sales.where(those).select(*KEYS)
    rest = _rest(spark, lake, taken, others)
    if rest is None:
        return lines.join(sales.where(F.lit(False)).drop(*KEYS), how="left").withColumn("_class", F.lit(REMOVED))
    rest = rest.join(F.broadcast(lines), list(KEYS), "left_semi")
    place = F.row_number().over(Window.partitionBy(*KEYS).orderBy(rank().desc(), *PROVENANCE))
    winners = rest.withColumn("_place", place).where("_place = 1").withColumn("_batch_id", F.lit(withdrawal_id))
    kind = F.when(F.col("recorded_at").isNull(), REMOVED).otherwise(RESTORED)
    return lines.join(winners.select(*sales.columns), list(KEYS), "left").withColumn("_class", kind)


def _rest(spark: SparkSession, lake: Lake, taken: Sequence[Landing], others: Sequence[Landing]) -> DataFrame | None:
    """All other statements that could win: of files, and of messages; None where there are none."""
    source, last = taken[0].source, max(one.as_of for one in taken)
    earlier = _earlier(lake, taken, others)
    found = [_accepted(spark, lake, earlier)] if earlier else []
    for known in known_messages(lake, source):
        said = _accepted_messages(spark, lake, known)
        found.append(said.where(F.col("recorded_at") <= F.lit(last)))  # what is newer won already
    return reduce(DataFrame.unionByName, found) if found else None


def _earlier(lake: Lake, taken: Sequence[Landing], others: Sequence[Landing]) -> list[Landing]:
    """Those of the others that silver knows and that could win: what is newer than all taken back won already."""
    done = {one.landing_id for one in accounting.read(lake, kind=CSV, source=taken[0].source, status=DONE)}
    last = max(one.as_of for one in taken)
    return [one for one in others if one.landing_id in done and one.as_of <= last]


def _accepted(spark: SparkSession, lake: Lake, landings: Sequence[Landing]) -> DataFrame:
    """The statements of landings that were accepted when they came: all but blank and quarantined rows."""
    source = landings[0].source
    rows = judged_rows(spark, lake, rules_of_files(lake, source), landings).where(~F.col("_blank"))
    kept_out = quarantine.kept_out(lake, source)
    if not kept_out:
        return rows
    places = spark.createDataFrame(kept_out, "_landing_id string, _source_row bigint")
    return rows.join(F.broadcast(places), ["_landing_id", "_source_row"], "left_anti")


def _accepted_messages(spark: SparkSession, lake: Lake, known: Known) -> DataFrame:
    """The statements of messages that were accepted when they came, or by a replay."""
    rows = judged_events(spark, lake, rules_of_events(lake, lake.table(EVENTS)), known.spans, known.held)
    kept_out = quarantine.messages_kept_out(lake, known.spans.topic)
    if not kept_out:
        return rows
    places = spark.createDataFrame(kept_out, "_partition bigint, _offset bigint")
    return rows.join(F.broadcast(places), ["_partition", "_offset"], "left_anti")


def _merge(spark: SparkSession, lake: Lake, changes: DataFrame, where: SparkColumn, withdrawal_id: str) -> None:
    """Not the newer-only MERGE: `recorded_at` may go back."""
    same = [F.col(f"t.{key}") == F.col(f"s.{key}") for key in KEYS]
    columns = [c.name for c in lake.table(SALES).columns]
    with signed(spark, withdrawal_id):
        (
            DeltaTable.forPath(spark, lake.location(SALES))
            .alias("t")
            .merge(changes.alias("s"), reduce(SparkColumn.__and__, [where, *same]))
            .whenMatchedDelete(F.col("s._class") == REMOVED)
            .whenMatchedUpdate(F.col("s._class") == RESTORED, {name: F.col(f"s.{name}") for name in columns})
            .execute()
        )
