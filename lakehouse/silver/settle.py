"""What a killed run left half done in silver, brought to its end.

In: batches and withdrawals that are `prepared`, and silver's history. Out: those that silver has, closed.
Guaranteed: needs no Spark; whoever takes silver's lease does this first, so that nobody works on books that silver
has overtaken.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lakehouse.bronze import ledger
from lakehouse.bronze.ledger import ABANDONED, WITHDRAWN
from lakehouse.errors import JobError
from lakehouse.ops import accounting, quarantine, tables, withdrawals
from lakehouse.ops.accounting import CSV, PREPARED, REPLAY, Accounting
from lakehouse.ops.killpoints import reached
from lakehouse.ops.withdrawals import Withdrawal
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import Say
from lakehouse.silver import CHANGES, SALES, UPDATES


def settle_all(lake: Lake, *, wait: bool = True) -> list[Accounting]:
    """Close what a killed run brought into silver and not into the books; the caller holds silver's lease, no other.

    Batches that it did not bring there are left `prepared`, and processed again with the landings that are pending;
    a withdrawal is abandoned, until somebody asks for it again.
    """
    for withdrawal in withdrawals.read(lake, status=PREPARED):
        if in_silver(lake, withdrawal):
            settle_withdrawal(lake, withdrawal, wait=wait)
        else:
            withdrawals.write(lake, replace(withdrawal, status=ABANDONED))
    settled = []
    for prepared in accounting.read(lake, status=PREPARED):
        again = _changing(prepared) or prepared.kind == REPLAY  # whose quarantine may not be marked yet
        if again and committed(lake, prepared) is None:
            continue
        settled.append(settle(lake, prepared))
    return settled


def settle_withdrawals(lake: Lake, *, wait: bool, say: Say) -> None:
    """Close what a killed withdrawal left, before anything lands: its files must not be taken for landed."""
    if withdrawals.read(lake, status=PREPARED):
        with lake.lease(SALES, wait=wait, say=say):
            settle_all(lake, wait=wait)


def in_silver(lake: Lake, withdrawal: Withdrawal) -> bool:
    """Whether all that a withdrawal changes in silver is there."""
    changes = withdrawal.restored or withdrawal.removed
    return not changes or tables.commit_of(lake, SALES, withdrawal.withdrawal_id, withdrawal.silver_version) is not None


def committed(lake: Lake, prepared: Accounting) -> Mapping[str, Any] | None:
    """The commit of a batch in silver's history after the version it was classified against; None without one."""
    return tables.commit_of(lake, SALES, prepared.batch_id, prepared.silver_version)


def settle(lake: Lake, prepared: Accounting) -> Accounting:
    """Close a prepared batch whose work in silver is done.

    Its staging goes first: once the batch is `done` nobody looks for what a kill left of it.

    Raises:
        JobError: silver's history does not hold the batch, or holds other counts than were classified.
    """
    merged = None
    if _changing(prepared):
        updated = sum(prepared.classes.get(name, 0) for name in UPDATES)
        told = {"numTargetRowsInserted": _changing(prepared) - updated, "numTargetRowsUpdated": updated}
        merged = _merged_version(lake, f"batch {prepared.batch_id}", committed(lake, prepared), told)
    reached("compared")
    lake.clear_staging(SALES)
    done = prepared.closed(merged)
    accounting.write(lake, done)
    reached("done")
    return done


def settle_withdrawal(lake: Lake, prepared: Withdrawal, *, wait: bool = True) -> Withdrawal:
    """Close a withdrawal whose work in silver is done: its landings and what came of them are marked `withdrawn`.

    Raises:
        JobError: silver's history does not hold the withdrawal, or holds other counts than were worked out; or files
            are being landed, and `wait` is false.
    """
    merged = None
    if prepared.restored or prepared.removed:
        told = {"numTargetRowsUpdated": prepared.restored, "numTargetRowsDeleted": prepared.removed}
        commit = tables.commit_of(lake, SALES, prepared.withdrawal_id, prepared.silver_version)
        merged = _merged_version(lake, f"withdrawal {prepared.withdrawal_id}", commit, told)
    quarantine.withdraw(lake, prepared.landing_ids)
    for batch in accounting.read(lake, kind=CSV, source=prepared.source):
        if batch.landing_id in prepared.landing_ids:
            accounting.write(lake, replace(batch, status=WITHDRAWN))
    reached("withdrawal-accounted")
    with lake.lease(ledger.TABLE, wait=wait):
        taken = [one for one in ledger.read(lake, source=prepared.source) if one.landing_id in prepared.landing_ids]
        before = [one for one in taken if one.landed_at < prepared.prepared_at]  # not landed again since
        ledger.write(lake, (replace(one, status=WITHDRAWN) for one in before))
    reached("withdrawal-in-ledger")
    lake.clear_staging(SALES)
    done = prepared.closed(merged)
    withdrawals.write(lake, done)
    reached("withdrawal-done")
    return done


def _changing(prepared: Accounting) -> int:
    """How many rows the batch is to change in silver."""
    return sum(prepared.classes.get(name, 0) for name in CHANGES)


def _merged_version(lake: Lake, who: str, commit: Mapping[str, Any] | None, expected: Mapping[str, int]) -> int:
    """The version a commit made, where it changed exactly as many rows as expected."""
    if commit is None:
        raise JobError(f"{who} is not in silver: run the command again")
    metrics = commit["operationMetrics"]
    if any(int(metrics.get(name, -1)) != count for name, count in expected.items()):
        raise JobError(
            f"{who} changed other rows of silver than it was accounted for: someone wrote to silver without its "
            "lease; run `lakehouse verify` to see what does not hold"
        )
    return int(commit["version"])
