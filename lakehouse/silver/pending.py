"""What has landed and silver does not know yet; and how a batch that a gate holds becomes pending again.

In: the ledger, the accounting, the withdrawals. Out: landings, the earliest as-of first; a batch, accepted. Guaranteed:
no Spark is loaded: where nothing is pending, nobody waits for it.
"""

from dataclasses import replace

from lakehouse.bronze import ledger
from lakehouse.bronze.ledger import LANDED, Landing
from lakehouse.errors import UsageError
from lakehouse.ops import accounting, withdrawals
from lakehouse.ops.accounting import ACCEPTED, CSV, DONE, EVENTS, HELD, PREPARED, REPLAY, Accounting, batch_id_of
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import Say
from lakehouse.silver import SALES


def id_of(landing: Landing, generation: int) -> str:
    """The id of a landing's batch: the landing taken back and landed again is another batch."""
    return batch_id_of(CSV, landing.landing_id, generation)


def pending_landings(lake: Lake, source: str) -> list[Landing]:
    """Landed files of the source without an accounting that is done or held; the earliest as-of first."""
    closed = {a.batch_id for a in accounting.read(lake, kind=CSV, source=source) if a.status in (DONE, HELD)}
    landed, generations = ledger.read(lake, source=source, status=LANDED), withdrawals.generations(lake)
    return [one for one in landed if id_of(one, generations[one.landing_id]) not in closed]


def unfinished_spans(lake: Lake, **of: str) -> list[Accounting]:
    """Batches of messages that were begun and not closed, or were held and accepted since; the oldest first."""
    kinds = (EVENTS, REPLAY)
    found = [a for status in (PREPARED, ACCEPTED) for a in accounting.read(lake, status=status, **of)]
    return sorted((a for a in found if a.kind in kinds), key=lambda a: a.prepared_at)


def is_pending(lake: Lake, source: str) -> bool:
    """Whether there is a landing to be processed, or a batch of any source that a killed run left."""
    pending = pending_landings(lake, source) or unfinished_spans(lake, source=source)
    return bool(pending or accounting.read(lake, status=PREPARED))


def accept(lake: Lake, batch_id: str, *, wait: bool = True, say: Say = lambda _: None) -> Accounting:
    """Let a batch that a gate holds pass: it is pending again, and no gate will hold it.

    Raises:
        UsageError: no such batch is held.
    """
    with lake.lease(SALES, wait=wait, say=say):
        found = [a for a in accounting.read(lake, batch_id=batch_id) if a.status in (HELD, ACCEPTED)]
        if not found:
            raise UsageError(f"no batch {batch_id} is held: `lakehouse status` names those that are")
        accepted = replace(found[0], status=ACCEPTED)
        accounting.write(lake, accepted)
    return accepted
