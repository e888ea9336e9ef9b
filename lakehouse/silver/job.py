"""The job from bronze to silver: every landing of a source that is not in silver yet, oldest as-of first.

In: the ledger and the accounting, which alone say what is to be done. Out: one accounting a batch. Guaranteed:
silver's lease is held throughout; what a killed run left half done is settled first.
"""

from collections.abc import Callable
from dataclasses import replace

from pyspark.sql import SparkSession

from lakehouse.bronze import ledger
from lakehouse.bronze.ledger import LANDED, Landing
from lakehouse.ops import accounting, withdrawals
from lakehouse.ops.accounting import ACCEPTED, DONE, HELD, Accounting
from lakehouse.quality.checks import Rules
from lakehouse.runtime.errors import UsageError
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import lease, own_jvm
from lakehouse.silver import SALES
from lakehouse.silver.batch import Batch, process
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
    with lease(lake.root, SALES, wait=wait, say=say) as held:
        held.guard(own_jvm())
        settled = settle_all(lake)
        pending = pending_landings(lake, source)
        accepted = {a.batch_id for a in accounting.read(lake, source=source) if a.passes}
        closed = [a for a in settled if a.source == source]
        generations = withdrawals.generations(lake)
        for place, landing in enumerate(pending):
            begun(landing, place, len(pending))
            batch = _batch(lake, landing, generations[landing.landing_id])
            closed.append(process(spark, lake, replace(batch, accepted=batch.id in accepted), held))
    return closed


def pending_landings(lake: Lake, source: str) -> list[Landing]:
    """Landed files of the source without an accounting that is done or held; the earliest as-of first."""
    closed = {a.batch_id for a in accounting.read(lake, source=source) if a.status in (DONE, HELD)}
    landed, generations = ledger.read(lake, source=source, status=LANDED), withdrawals.generations(lake)
    return [one for one in landed if _batch(lake, one, generations[one.landing_id]).id not in closed]


def accept(lake: Lake, batch_id: str, *, wait: bool = True, say: Callable[[str], None] = lambda _: None) -> Accounting:
    """Let a batch that a gate holds pass: it is pending again, and no gate will hold it.

    Raises:
        UsageError: no such batch is held.
    """
    with lease(lake.root, SALES, wait=wait, say=say):
        found = [a for a in accounting.read(lake, batch_id=batch_id) if a.status in (HELD, ACCEPTED)]
        if not found:
            raise UsageError(f"no batch {batch_id} is held: `lakehouse status` names those that are")
        accepted = replace(found[0], status=ACCEPTED)
        accounting.write(lake, accepted)
    return accepted


def _batch(lake: Lake, landing: Landing, generation: int) -> Batch:
    source = lake.source(landing.source)
    rules = Rules(source=source, table=lake.table(source.table), calendar=lake.settings.calendar)
    return Batch(landing=landing, rules=rules, generation=generation)
