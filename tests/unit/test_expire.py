"""Raw files past their retention: which go, which never do, and what a kill in between leaves."""

import json
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse.bronze import ledger
from lakehouse.bronze.landing import land
from lakehouse.bronze.ledger import EXPIRED, LANDED, LANDING, REJECTED, WITHDRAWN, Landing
from lakehouse.care.expire import expirable, expire
from lakehouse.errors import JobError, UsageError
from lakehouse.ops import accounting, withdrawals
from lakehouse.ops.accounting import ACCEPTED, DONE, HELD, PREPARED, Accounting
from lakehouse.ops.killpoints import EXPIRY_POINTS
from lakehouse.ops.withdrawals import Withdrawal
from lakehouse.runtime.lake import Lake
from lakehouse.silver.pending import id_of
from lakehouse.silver.settle import settle_withdrawals
from lakehouse.silver.taking_back import standing
from tests.kills import ended
from tests.unit.calls import Command

SOON = datetime.now(UTC) + timedelta(hours=1)
"""A moment before which all has landed that these tests land."""


def landed(lake: Lake, file: Path, as_of: datetime | None = None) -> Landing:
    (outcome,) = land(lake, lake.source("superstore"), [file], as_of=as_of)
    return outcome.landing


def accounted(lake: Lake, landing: Landing, status: str = DONE, generation: int = 0) -> None:
    """A batch of the landing, as the books have it."""
    rows = landing.records or 0
    batch = Accounting(
        batch_id=id_of(landing, generation),
        kind="csv",
        source=landing.source,
        landing_id=landing.landing_id,
        generation=generation,
        rule_fingerprint="rules",
        rows_in=rows,
        silver_version=0,
        classes={"duplicate": rows},
        status=status,
    )
    accounting.write(lake, batch)


def ids(landings: Sequence[Landing]) -> set[str]:
    return {one.landing_id for one in landings}


def statuses(lake: Lake) -> dict[str, str]:
    return {one.landing_id: one.status for one in ledger.read(lake)}


def is_there(lake: Lake, landing: Landing) -> bool:
    return Path(lake.object(landing.path)).is_file()


def test_a_file_in_silver_expires(lake: Lake, file: Path) -> None:
    landing = landed(lake, file)
    accounted(lake, landing)
    assert ids(expire(lake, SOON)) == {landing.landing_id}
    assert not is_there(lake, landing)
    (row,) = ledger.read(lake)
    assert (row.status, row.reason) == (EXPIRED, f"expired on {datetime.now(UTC):%Y-%m-%d}")
    assert expire(lake, SOON) == []


@pytest.mark.parametrize("status", [None, PREPARED, HELD, ACCEPTED, WITHDRAWN])
def test_a_file_whose_rows_are_not_in_silver_never_expires(lake: Lake, file: Path, status: str | None) -> None:
    landing = landed(lake, file)
    if status is not None:
        accounted(lake, replace(landing, records=0), status)
    assert expirable(lake, SOON) == []


@pytest.mark.parametrize("status", [LANDING, REJECTED, WITHDRAWN, EXPIRED])
def test_only_landed_files_expire(lake: Lake, file: Path, status: str) -> None:
    landing = landed(lake, file)
    accounted(lake, landing)
    ledger.write(lake, [replace(landing, status=status)])
    assert expirable(lake, SOON) == []


def test_only_what_has_landed_before_the_moment_and_of_the_source_expires(lake: Lake, file: Path) -> None:
    landing = landed(lake, file)
    accounted(lake, landing)
    assert expirable(lake, landing.landed_at) == []
    assert ids(expirable(lake, landing.landed_at + timedelta(microseconds=1))) == {landing.landing_id}
    assert expirable(lake, SOON, "online_retail") == []
    assert ids(expirable(lake, SOON, "superstore")) == {landing.landing_id}
    with pytest.raises(UsageError, match="there is no source 'superstor'"):
        expirable(lake, SOON, "superstor")


def test_an_object_that_another_landing_needs_stays(lake: Lake, file: Path) -> None:
    one = landed(lake, file, datetime(2024, 5, 1, tzinfo=UTC))
    other = landed(lake, file, datetime(2024, 5, 2, tzinfo=UTC))
    assert one.path == other.path
    accounted(lake, one)
    assert expire(lake, SOON) == []
    assert is_there(lake, one)
    accounted(lake, other)
    assert ids(expire(lake, SOON)) == ids([one, other])
    assert not is_there(lake, one)


def test_a_file_landed_again_and_not_yet_processed_stays(lake: Lake, file: Path) -> None:
    """The batch of the first time is done; the second time is another batch, of the next generation."""
    landing = landed(lake, file)
    accounted(lake, landing, WITHDRAWN)
    accounted(lake, landing, PREPARED, generation=1)
    assert expirable(lake, SOON) == []


def test_landing_an_expired_file_again_is_a_no_op_that_says_so(lake: Lake, file: Path) -> None:
    as_of = datetime(2024, 5, 1, tzinfo=UTC)
    accounted(lake, landed(lake, file, as_of))
    expire(lake, SOON)
    (outcome,) = land(lake, lake.source("superstore"), [file], as_of=as_of)
    assert outcome.what == "known"
    assert outcome.note is not None
    assert outcome.note.endswith(f"and expired on {datetime.now(UTC):%Y-%m-%d}")
    (later,) = land(lake, lake.source("superstore"), [file], as_of=as_of + timedelta(days=1))
    assert later.what == "landed"
    assert is_there(lake, later.landing)
    assert sorted(statuses(lake).values()) == [EXPIRED, LANDED]
    assert expire(lake, SOON) == []
    assert is_there(lake, later.landing)


def test_an_expired_file_cannot_be_taken_back(lake: Lake, file: Path) -> None:
    accounted(lake, landed(lake, file))
    expire(lake, SOON)
    with pytest.raises(UsageError, match=f"{file.name} cannot be taken back: its raw file expired on"):
        standing(lake, lake.source("superstore"), [file.name], None)


@pytest.mark.parametrize("point", EXPIRY_POINTS)
def test_an_expiry_that_was_killed_is_completed_by_the_next(lake: Lake, home: Path, file: Path, point: str) -> None:
    second = file.with_name("superstore_2024-04-05T060000Z.csv")
    second.write_bytes(file.read_bytes() + b"\r\n")
    landings = [landed(lake, one) for one in (file, second)]
    for landing in landings:
        accounted(lake, landing)
    command = ("expire", "--older-than", "0d", "--delete")
    assert ended(home, *command, LAKEHOUSE_KILL_AT=point).returncode == -signal.SIGKILL
    assert set(statuses(lake).values()) == {EXPIRED}
    assert any(is_there(lake, landing) for landing in landings)
    assert ended(home, *command).returncode == 0
    assert not any(is_there(lake, landing) for landing in landings)


def test_without_delete_nothing_is_changed(lakehouse: Command, lake: Lake, file: Path) -> None:
    landing = landed(lake, file)
    accounted(lake, landing)
    told = lakehouse("expire", "--older-than", "0d")
    assert told.code == 0
    assert "nothing was changed" in told.out
    assert file.name in told.out
    assert is_there(lake, landing)
    assert statuses(lake) == {landing.landing_id: LANDED}
    assert lakehouse("expire", "--older-than", "1d").out.startswith("0 landing(s)")


def test_the_command_deletes_and_says_what(lakehouse: Command, lake: Lake, file: Path) -> None:
    landing = landed(lake, file)
    accounted(lake, landing)
    told = json.loads(lakehouse("expire", "--older-than", "0d", "--delete", "--json").out)
    assert (told["deleted"], told["bytes"]) == (True, file.stat().st_size)
    assert [one["path"] for one in told["files"]] == [landing.path]
    assert not is_there(lake, landing)
    assert "expired" in lakehouse("status").out


@pytest.mark.parametrize("given", ["90", "d", "-1d", "ninety days", "90 d", "1.5d", ""])
def test_an_age_is_a_number_of_days(lakehouse: Command, given: str) -> None:
    told = lakehouse("expire", f"--older-than={given}")
    assert told.code == 2
    assert "is no age in days such as 90d" in told.sentence


def test_a_withdrawal_that_a_kill_left_is_settled_before_the_ledger_is_taken(lake: Lake, file: Path) -> None:
    one = landed(lake, file)
    left = Withdrawal(
        withdrawal_id="w", source="superstore", landing_ids=(one.landing_id,), silver_version=0, restored=0, removed=0
    )
    withdrawals.write(lake, left)
    assert expire(lake, SOON, wait=False) == []
    assert statuses(lake) == {one.landing_id: WITHDRAWN}


def test_who_does_not_wait_is_told_who_lands_where_a_withdrawal_is_to_be_settled(lake: Lake, file: Path) -> None:
    one = landed(lake, file)
    left = Withdrawal(
        withdrawal_id="w", source="superstore", landing_ids=(one.landing_id,), silver_version=0, restored=0, removed=0
    )
    withdrawals.write(lake, left)
    with lake.lease(ledger.TABLE), pytest.raises(JobError, match=r"ops.landed_files is being written"):
        settle_withdrawals(lake, wait=False, say=print)
