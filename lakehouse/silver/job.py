"""The job from bronze to silver: every landing of a source that is not in silver yet, oldest as-of first.

In: the ledger and the accounting, which alone say what is to be done. Out: one accounting a batch. Guaranteed:
silver's lease is held throughout; what a killed run left half done is settled first.
"""

from collections.abc import Callable
from dataclasses import replace

from pyspark.sql import SparkSession

from lakehouse.bronze.ledger import Landing
from lakehouse.ops import accounting, withdrawals
from lakehouse.ops.accounting import Accounting
from lakehouse.ops.compaction import compact_merged
from lakehouse.quality.checks import Rules
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import own_jvm
from lakehouse.silver import SALES
from lakehouse.silver.batch import Batch, process
from lakehouse.silver.pending import pending_landings
from lakehouse.silver.settle import settle_all


def bring_to_silver(
    spark: SparkSession,
    lake: Lake,
    source: str,
    *,
    wait: bool = True,
    say: Callable[[str], None] = lambda _: None,
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
        settled = settle_all(lake, wait=wait)
        pending = pending_landings(lake, source)
        accepted = {a.batch_id for a in accounting.read(lake, source=source) if a.passes}
        closed = [a for a in settled if a.source == source]
        generations = withdrawals.generations(lake)
        for place, landing in enumerate(pending):
            begun(landing, place, len(pending))
            batch = _batch(lake, landing, generations[landing.landing_id])
            closed.append(process(spark, lake, replace(batch, accepted=batch.id in accepted), held))
        if pending:
            compact_merged(spark, lake, SALES)
    return closed


def _batch(lake: Lake, landing: Landing, generation: int) -> Batch:
    source = lake.source(landing.source)
    rules = Rules(source=source, table=lake.table(source.table), calendar=lake.settings.calendar)
    return Batch(landing=landing, rules=rules, generation=generation)
