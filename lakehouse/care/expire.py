"""Expiry: raw files past their retention are deleted, and the ledger says so.

In: a moment. Out: the landings before it whose files go. Guaranteed: only files whose rows are all in silver, and that
no other landing needs; the ledger says `expired` before a file is gone, so that a kill leaves at most a file too many,
which the next expiry removes; who expires holds the leases of silver and of the ledger.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

from lakehouse.bronze import ledger
from lakehouse.bronze.ledger import EXPIRED, KEPT, LANDED, LANDING, Landing
from lakehouse.ops import accounting, withdrawals
from lakehouse.ops.accounting import CSV, DONE
from lakehouse.ops.killpoints import reached
from lakehouse.runtime.held import check_held
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import Say
from lakehouse.silver import SALES
from lakehouse.silver.pending import id_of
from lakehouse.silver.settle import settle_all


def expirable(lake: Lake, before: datetime, source: str | None = None) -> list[Landing]:
    """The landings that may expire: landed before that moment, in silver, and with no file that others need.

    Args:
        before: compared with the moment of landing.
        source: only those of this feed.

    Raises:
        UsageError: there is no such source.
    """
    wanted = None if source is None else lake.source(source).name
    landings = ledger.read(lake)
    done = {one.batch_id for one in accounting.read(lake, kind=CSV, status=DONE)}
    generations = withdrawals.generations(lake)
    old = [
        one
        for one in landings
        if one.status == LANDED
        and one.landed_at < before
        and wanted in (None, one.source)
        and id_of(one, generations[one.landing_id]) in done
    ]
    needed = _needed(landings, {one.landing_id for one in old})
    return [one for one in old if one.path not in needed]


def expire(
    lake: Lake,
    before: datetime,
    source: str | None = None,
    *,
    wait: bool = True,
    say: Say = lambda _: None,
) -> list[Landing]:
    """Delete the files of what may expire, and those that a killed expiry left; the landings that expired now."""
    with ExitStack() as leases:
        leases.enter_context(lake.lease(SALES, wait=wait, say=say))
        settle_all(lake, wait=wait)  # which may take the ledger's lease itself
        leases.enter_context(lake.lease(ledger.TABLE, wait=wait, say=say))
        chosen = expirable(lake, before, source)
        reason = f"expired on {datetime.now(UTC):%Y-%m-%d}"
        ledger.write(lake, (replace(one, status=EXPIRED, reason=reason) for one in chosen))
        reached("expired-in-ledger")
        landings = ledger.read(lake)
        needed = _needed(landings, ())
        for path in sorted({one.path for one in landings if one.status == EXPIRED} - needed):
            check_held()
            lake.store.remove_object(lake.object(path))
            reached("expired-object-gone")
    return chosen


def _needed(landings: Iterable[Landing], going: Iterable[str]) -> set[str]:
    """The objects of all landings but those that go: several landings of the same bytes have one object."""
    without = set(going)
    return {one.path for one in landings if one.status in (*KEPT, LANDING) and one.landing_id not in without}
