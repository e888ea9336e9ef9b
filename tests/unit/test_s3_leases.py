"""Leases in S3: one owner at a time, renewed, taken over, lost; and stores that do not answer or do not refuse."""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakehouse.errors import JobError
from lakehouse.runtime.s3_lease_chain import Chain, honours_conditions
from lakehouse.runtime.s3_leases import s3_lease
from tests.unit.faulty_s3 import Fault, Faulty, losing_the_answer, refusing, resetting, undated
from tests.unit.lease_processes import BUCKET, PATIENCE, TABLE, let_go
from tests.unit.s3_chains import (
    ELSEWHERE,
    OddStore,
    chain,
    grow_old,
    holder,
    looks_before_it_puts,
    no_answer,
    numbers,
    owner,
    refusal,
    remove,
    taken,
)
from tests.unit.s3_stores import store_at

AWAY = f"the lease of {TABLE} was taken away"

pytestmark = pytest.mark.usefixtures("impatient")


def test_a_second_owner_waits_says_so_once_and_goes_on(store: Any, prefix: str) -> None:
    first, said = holder(prefix), list[str]()
    threading.Timer(0.5, let_go, [first]).start()
    with taken(store, prefix, wait=True, say=said.append) as second:
        assert second.fencing == 2
        second.check()
    who = f"process {first.pid} on {owner(store, prefix).host}"
    assert said == [f"waiting for {who}, which is writing {TABLE}"]


def test_without_waiting_it_fails_with_a_sentence(store: Any, prefix: str) -> None:
    with taken(store, prefix):
        who = f"process {owner(store, prefix).process}"
        assert refusal(store, prefix) == f"{TABLE} is being written by {who}: wait for it, or leave out --no-wait"


def test_leases_of_different_tables_and_lakes_do_not_meet(store: Any, prefix: str) -> None:
    with (
        taken(store, prefix),
        taken(store, f"{prefix}other/"),
        s3_lease(store, BUCKET, prefix, f"{TABLE}.more", wait=False),
        s3_lease(store, BUCKET, prefix, "silver", wait=False),
    ):
        assert numbers(store, prefix) == [1]


def test_what_was_released_is_free_at_once_and_fencing_numbers_only_grow(store: Any, prefix: str) -> None:
    for number in range(1, 13):
        with taken(store, prefix) as held:
            assert held.fencing == number
            assert numbers(store, prefix) == [1] if number == 1 else [number - 1, number]
        assert owner(store, prefix).released


def test_threads_that_race_exclude_each_other(store: Any, prefix: str) -> None:
    inside, most, fencing = [0], [0], list[int]()

    def work() -> None:
        for _ in range(4):
            with taken(store, prefix, wait=True) as held:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.01)
                fencing.append(held.fencing)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert fencing == sorted(set(fencing))
    assert len(fencing) == 8


def test_renewal_keeps_a_lease_beyond_its_expiry(store: Any, prefix: str) -> None:
    with taken(store, prefix, seconds=3) as held:
        time.sleep(5)
        assert "is being written" in refusal(store, prefix)
        held.check()
        assert owner(store, prefix).renewals > 2


def test_an_owner_that_sleeps_past_its_expiry_is_taken_over_and_knows_when_it_wakes(store: Any, prefix: str) -> None:
    sleeping, said = holder(prefix, seconds=2), list[str]()
    sleeping.send_signal(signal.SIGSTOP)
    with taken(store, prefix, wait=True, say=said.append) as held:
        assert held.fencing == 2
        assert said[1:] == [
            f"took over {TABLE} from process {sleeping.pid} on {held.owner.host}, which did not renew its lease of 2 s"
        ]
        sleeping.send_signal(signal.SIGCONT)
        told, _ = sleeping.communicate("\n")
        assert told.startswith(AWAY)
        held.check()
        assert not owner(store, prefix).released


def test_a_lease_that_was_taken_over_stays_lost(store: Any, prefix: str) -> None:
    with taken(store, prefix) as held:
        held.check()
        chain(store, prefix).claim(2, ELSEWHERE)
        for _ in range(2):
            with pytest.raises(JobError) as refused:
                held.check()
            remove(store, prefix)
            chain(store, prefix).write(1, held.owner)
    assert str(refused.value) == (
        f"{AWAY} (another run took it over): nothing was committed since; run the command again"
    )


def test_a_renewal_after_the_expiry_does_not_bring_a_lease_back(store: Any, prefix: str) -> None:
    with taken(store, prefix) as held:
        held.renewed -= timedelta(seconds=60)  # somebody may have seen it expired, and be about to take over
        with pytest.raises(JobError, match="was not renewed in time"):
            held.check()


def test_a_lease_near_its_expiry_is_renewed_before_a_commit_and_one_beyond_it_is_lost(store: Any, prefix: str) -> None:
    with taken(store, prefix) as held:
        grow_old(prefix, 55)
        held.renewed -= timedelta(seconds=55)
        held.check()
        assert owner(store, prefix).renewals == 1
        grow_old(prefix, 61)
        held.renewed -= timedelta(seconds=61)
        with pytest.raises(JobError, match="was not renewed in time"):
            held.check()
        assert owner(store, prefix).renewals == 1


def until(true: Callable[[], object]) -> None:
    """Wait for what another thread brings about."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_lease_that_no_renewal_could_keep_until_its_expiry_is_lost(store: Any, prefix: str) -> None:
    odd = OddStore(store, store.put_object)
    with taken(odd, prefix, seconds=9) as held:
        held.asked -= 8  # by this machine's clock; the store's shows whole seconds, and may say so itself first
        odd.put_object = no_answer
        until(lambda: held.lost)
        odd.put_object = store.put_object
        with pytest.raises(JobError, match=r"the store did not answer: .*; run the command again"):
            held.check()


@pytest.mark.parametrize("fault", [refusing(503, "SlowDown"), resetting, losing_the_answer, undated])
@pytest.mark.usefixtures("quick")
def test_renewals_that_fail_for_a_while_lose_nothing(store: Any, prefix: str, faulty: Faulty, fault: Fault) -> None:
    faulty.begin()
    with store_at(store, prefix, endpoint=faulty.url, lease_seconds=9).lease(TABLE, wait=False) as held:
        faulty.begin(always=fault)
        until(lambda: len(faulty.asked) > 8)
        assert held.lost == ""
        faulty.begin()
        held.check()
        until(lambda: owner(store, prefix).renewals > 2)  # the keeper is still there
        held.check()
    assert owner(store, prefix).released


def test_who_comes_while_renewals_fail_is_seen_once_they_do_not(store: Any, prefix: str) -> None:
    odd = OddStore(store, store.put_object)
    with taken(odd, prefix, seconds=9) as held:
        odd.put_object = no_answer
        until(lambda: held.unheard)
        chain(store, prefix).claim(2, ELSEWHERE)
        with pytest.raises(JobError, match="another run took it over"):
            held.check()


def test_a_store_whose_answers_have_no_date_gives_no_lease(store: Any, prefix: str, faulty: Faulty) -> None:
    faulty.begin(always=undated)
    with (
        pytest.raises(JobError, match=r"cannot be had: .* has no Date, by which leases count"),
        store_at(store, prefix, endpoint=faulty.url).lease(TABLE, wait=False),
    ):
        pass


def test_links_that_cannot_be_removed_are_left(store: Any, prefix: str) -> None:
    for number in (1, 2, 3):
        chain(store, prefix).claim(number, replace(ELSEWHERE, released=True))
    odd = OddStore(store, store.put_object)
    odd.delete_object = no_answer
    with taken(odd, prefix) as held:
        held.check()
    assert numbers(store, prefix) == [1, 2, 3, 4]


@pytest.mark.parametrize("again", [False, True], ids=["removed", "removed and made anew by another"])
def test_a_lease_whose_chain_was_removed_is_lost_and_the_new_one_is_left_alone(
    store: Any, prefix: str, again: bool
) -> None:
    with taken(store, prefix, seconds=2) as held:
        remove(store, prefix)
        if again:
            chain(store, prefix).claim(1, ELSEWHERE)
        with pytest.raises(JobError, match="its object was removed or replaced"):
            held.check()
        time.sleep(1)
    assert numbers(store, prefix) == [1] * again
    assert not again or owner(store, prefix) == ELSEWHERE


def test_a_put_whose_answer_was_lost_is_recognised(store: Any, prefix: str) -> None:
    def twice(**of: Any) -> Any:
        store.put_object(**of)
        return store.put_object(**of)

    with taken(OddStore(store, twice), prefix) as held:
        assert held.fencing == 1
        held.check()


def test_who_slept_since_it_looked_does_not_take_a_number_that_was_removed_meanwhile(
    store: Any, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3, 4):
        chain(store, prefix).claim(number, replace(ELSEWHERE, released=True))
    looks, look = [replace(chain(store, prefix).sight(), links=chain(store, prefix).sight().links[:1])], Chain.sight
    store.delete_object(Bucket=BUCKET, Key=f"{prefix}leases/{TABLE}/{2:020}.json")
    monkeypatch.setattr(Chain, "sight", lambda self: looks.pop() if looks else look(self))
    with taken(store, prefix) as held:
        assert held.fencing == 5


def test_a_store_that_does_not_answer_is_told_with_a_remedy(store: Any, prefix: str) -> None:
    with (
        pytest.raises(JobError, match=r"^the lease of silver.sales cannot be had: "),
        taken(OddStore(store, no_answer), prefix),
    ):
        pass


def test_a_store_with_conditional_puts_is_told_from_one_without(store: Any, prefix: str) -> None:
    def ignores(IfNoneMatch: str, **of: Any) -> Any:  # noqa: N803
        return store.put_object(**of)

    def refuses(**_: Any) -> None:
        raise ClientError({"ResponseMetadata": {"HTTPStatusCode": 501}}, "PutObject")  # type: ignore[typeddict-item]

    honours_conditions(store, BUCKET, prefix)
    for put in (ignores, refuses, looks_before_it_puts(store)):
        with pytest.raises(JobError, match=r"does not honour If-None-Match .*: use Amazon S3, or a store"):
            honours_conditions(OddStore(store, put), BUCKET, prefix)
    assert "Contents" not in store.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
