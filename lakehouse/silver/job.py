"""The job from bronze to silver: every landing of a source that is not in silver yet, oldest as-of first.

In: the ledger and the accounting, which alone say what is to be done. Out: one accounting a batch. Guaranteed:
silver's lease is held throughout; what a killed run left half done is settled first, batches of messages among it.
"""

from collections.abc import Callable
from dataclasses import replace

from pyspark.sql import SparkSession

from lakehouse.bronze import EVENTS
from lakehouse.bronze.ledger import Landing
from lakehouse.ops import accounting, withdrawals
from lakehouse.ops.accounting import CSV, Accounting
from lakehouse.ops.compaction import compact_merged
from lakehouse.ops.spans import Spans
from lakehouse.quality.checks import rules_of_events, rules_of_files
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import own_jvm
from lakehouse.runtime.storage import Lease, Say
from lakehouse.silver import SALES
from lakehouse.silver.batch import Batch, process
from lakehouse.silver.judge import judged_events, judged_rows
from lakehouse.silver.pending import pending_landings, unfinished_spans
from lakehouse.silver.settle import settle_all

MANY_ROWS = 10_000
"""From here on it pays to spread the rows of one file over all cores."""


def bring_to_silver(
    spark: SparkSession,
    lake: Lake,
    source: str,
    *,
    wait: bool = True,
    say: Say = lambda _: None,
    begun: Callable[[Landing, int, int], None] = lambda *_: None,
) -> list[Accounting]:
    """Process what has landed of a source and is not accounted for.

    Args:
        wait: wait for another writer of silver; else fail.
        say: takes a line where waiting begins.
        begun: takes each landing before it is processed, its place and how many there are.

    Returns:
        The accountings of the batches closed or held by this call, in their order.

    Raises:
        JobError: a batch failed; those before it are done, and silver is as after them.
    """
    with lake.lease(SALES, wait=wait, say=say) as held:
        held.guard(own_jvm())
        closed = [a for a in finish_begun(spark, lake, held, wait=wait) if a.source == source]
        pending = pending_landings(lake, source)
        accepted = {a.batch_id for a in accounting.read(lake, kind=CSV, source=source) if a.passes}
        generations = withdrawals.generations(lake)
        for place, landing in enumerate(pending):
            begun(landing, place, len(pending))
            closed.append(_process_landing(spark, lake, landing, generations[landing.landing_id], accepted, held))
        if pending:
            compact_merged(spark, lake, SALES)
    return closed


def finish_begun(spark: SparkSession, lake: Lake, held: Lease, *, wait: bool = True) -> list[Accounting]:
    """Close what was begun: batches that silver has, and batches of messages that it has not; under its lease.

    Landings that silver has not are pending by themselves; messages would be taken together with later ones.
    """
    closed = settle_all(lake, wait=wait)
    for begun in unfinished_spans(lake):
        if begun.spans is not None:
            closed.append(process_messages(spark, lake, begun.kind, begun.spans, held, begun.generation, begun.passes))
    return closed


def process_messages(
    spark: SparkSession,
    lake: Lake,
    kind: str,
    spans: Spans,
    held: Lease,
    generation: int = 0,
    accepted: bool = False,
) -> Accounting:
    """Bring the messages in the spans into silver, as a batch of that kind."""
    rules = rules_of_events(lake, lake.table(EVENTS))
    batch = Batch(kind=kind, rules=rules, spans=spans, generation=generation, accepted=accepted)
    return process(spark, lake, batch, judged_events(spark, lake, rules, spans), held)


def _process_landing(
    spark: SparkSession, lake: Lake, landing: Landing, generation: int, accepted: set[str], held: Lease
) -> Accounting:
    rules = rules_of_files(lake, landing.source)
    partitions = lake.settings.spark.shuffle_partitions if (landing.records or 0) > MANY_ROWS else None
    batch = Batch(kind=CSV, rules=rules, landing_id=landing.landing_id, generation=generation)
    judged = judged_rows(spark, lake, rules, [landing], partitions)
    return process(spark, lake, replace(batch, accepted=batch.id in accepted), judged, held)
