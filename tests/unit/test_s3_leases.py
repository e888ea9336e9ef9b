"""Leases in S3 between threads and processes: one holder at a time, by the store's clock alone."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lakehouse.errors import JobError
from lakehouse.runtime import leases, s3_leases
from lakehouse.runtime.s3_lease_chain import Chain, honours_conditions
from lakehouse.runtime.s3_leases import S3Lease, s3_lease
from tests.unit.lease_processes import BUCKET, TABLE, let_go, line, process
from tests.unit.s3_chains import ELSEWHERE, HOLD_S3, OddStore, chain, grow_old, numbers, owner, remove
from tests.unit.s3_commits import key, versions

AWAY = f"the lease of {TABLE} was taken away"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_leases, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(leases, "_OWN_JVM", [])


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Stands for a JVM: it lives until it is killed."""
    child = subprocess.Popen(["sleep", "300"])
    yield child
    child.kill()
    child.wait()


def taken(store: Any, prefix: str, **options: Any) -> AbstractContextManager[S3Lease]:
    return s3_lease(store, BUCKET, prefix, TABLE, **{"wait": False, **options})


def refusal(store: Any, prefix: str) -> str:
    """What is said to who does not wait."""
    with pytest.raises(JobError) as refused, taken(store, prefix):
        pass
    return str(refused.value)


def holder(prefix: str, jvm: int = 0, seconds: int = 60) -> subprocess.Popen[str]:
    """A process that holds the lease."""
    held = process(HOLD_S3, Path(prefix), f"{jvm} {seconds}")
    assert line(held) == "held"
    return held


def killed_holder(prefix: str, jvm: int = 0) -> int:
    held = holder(prefix, jvm)
    held.kill()
    held.wait()
    return held.pid


def fail_under_lease(store: Any, prefix: str, jvm: int, error: BaseException) -> None:
    with taken(store, prefix) as held:
        held.guard(jvm)
        raise error


def no_answer(**_: Any) -> None:
    raise EndpointConnectionError(endpoint_url="the store")


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


def test_a_lease_whose_renewal_failed_is_lost(store: Any, prefix: str) -> None:
    odd = OddStore(store, store.put_object)
    with taken(odd, prefix, seconds=3) as held:
        odd.put_object = no_answer
        time.sleep(2)
        odd.put_object = store.put_object
        with pytest.raises(JobError, match=r"the store did not answer: .*; run the command again"):
            held.check()


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


def test_a_dead_owner_of_this_machine_is_taken_over_at_once(store: Any, prefix: str) -> None:
    killed_holder(prefix)
    with taken(store, prefix) as held:
        assert held.fencing == 2


def test_a_reused_process_id_is_not_mistaken_for_the_owner(store: Any, prefix: str) -> None:
    with taken(store, prefix) as held:
        pass
    chain(store, prefix).write(1, replace(held.owner, pid_started="12345"))
    with taken(store, prefix):
        pass


def test_of_an_owner_elsewhere_only_the_expiry_counts(store: Any, prefix: str) -> None:
    chain(store, prefix).claim(1, ELSEWHERE)
    assert refusal(store, prefix).startswith(f"{TABLE} is being written by process 4711 on elsewhere:")
    grow_old(prefix, 58)
    assert "4711" in refusal(store, prefix)
    grow_old(prefix, 4)
    said = list[str]()
    with taken(store, prefix, say=said.append):
        pass
    assert said == [f"took over {TABLE} from process 4711 on elsewhere, which did not renew its lease of 60 s"]


def test_a_machine_whose_kernel_tells_nothing_is_no_neighbour(
    store: Any, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.runtime.s3_lease_owners.this_machine", lambda: "")
    chain(store, prefix).claim(1, replace(ELSEWHERE, machine=""))
    assert "is being written" in refusal(store, prefix)


@pytest.mark.parametrize("age", [0, 100], ids=["in time", "expired"])
def test_a_successor_here_waits_for_the_jvm_of_a_killed_owner(
    store: Any, prefix: str, sleeper: subprocess.Popen[bytes], age: int
) -> None:
    killed_holder(prefix, sleeper.pid)
    grow_old(prefix, age)
    left = f"{TABLE} is still being written by what a killed run left: try again in a moment"
    assert refusal(store, prefix) == left
    said = list[str]()
    threading.Timer(0.3, sleeper.kill).start()
    with taken(store, prefix, wait=True, say=said.append):
        assert said[0] == f"waiting for process {sleeper.pid}, which a killed run left behind"


def test_after_an_interrupt_the_jvm_stays_named_here_and_elsewhere(
    store: Any, prefix: str, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fail_under_lease(store, prefix, sleeper.pid, KeyboardInterrupt())
    assert "what a killed run left" in refusal(store, prefix)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("lakehouse.runtime.s3_lease_owners.this_machine", lambda: "elsewhere")
        assert "what a killed run left" in refusal(store, prefix)
    leases.remember_jvm(sleeper.pid)
    with taken(store, prefix):
        pass


def test_after_an_error_the_living_jvm_blocks_nobody(store: Any, prefix: str, sleeper: subprocess.Popen[bytes]) -> None:
    with pytest.raises(ValueError, match="a stage failed"):
        fail_under_lease(store, prefix, sleeper.pid, ValueError("a stage failed"))
    with taken(store, prefix):
        pass


@pytest.mark.parametrize("garbage", [b"", b"\x00\xff", b"{", b"[1]", b'{"id": 1}', b'{"id": "x"}'])
def test_garbage_in_the_chain_expires_as_an_owner_does(store: Any, prefix: str, garbage: bytes) -> None:
    store.put_object(Bucket=BUCKET, Key=f"{prefix}leases/{TABLE}/{7:020}.json", Body=garbage)
    store.put_object(Bucket=BUCKET, Key=f"{prefix}leases/{TABLE}/notes.txt", Body=b"not of the chain")
    assert "is being written by process 0 on ?" in refusal(store, prefix)
    grow_old(prefix, 62)
    with taken(store, prefix) as held:
        assert held.fencing == 8


def test_a_store_that_does_not_answer_is_told_with_a_remedy(store: Any, prefix: str) -> None:
    with (
        pytest.raises(JobError, match=r"cannot be had \(.*\): see to network and rights"),
        taken(OddStore(store, no_answer), prefix),
    ):
        pass


def test_a_store_with_conditional_puts_is_told_from_one_without(store: Any, prefix: str) -> None:
    def ignores(IfNoneMatch: str, **of: Any) -> Any:  # noqa: N803
        return store.put_object(**of)

    def refuses(**_: Any) -> None:
        raise ClientError({"ResponseMetadata": {"HTTPStatusCode": 501}}, "PutObject")  # type: ignore[typeddict-item]

    honours_conditions(store, BUCKET, prefix)
    for put in (ignores, refuses):
        with pytest.raises(JobError, match=r"does not honour If-None-Match .*: use Amazon S3, or a store"):
            honours_conditions(OddStore(store, put), BUCKET, prefix)
    assert "Contents" not in store.list_objects_v2(Bucket=BUCKET, Prefix=prefix)


def committed_by(
    prefix: str, how: str, name: str, where: str, count: int, kills: int, both: threading.Barrier
) -> list[str]:
    """What a writer of so many commits said; it is killed some times, and begun anew for what is left."""
    said: list[str] = []
    for part in range(kills + 1):
        words = [prefix, how, f"{name}{part}", str(count - len(said)), where]
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.s3_commits", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert line(child) == "ready"
        if part == 0:
            both.wait()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("\n")
        child.stdin.flush()
        if part < kills:
            said += [line(child) for _ in range(random.randint(count // 8, count // 4))]
            time.sleep(random.uniform(0, 0.05))
            child.kill()
        said += child.stdout.read().splitlines()
        child.wait()
        child.stdin.close()
    return said


@pytest.mark.parametrize("how, each", [("with", 100), ("without", 24)])
def test_of_the_commits_of_processes_that_are_killed_none_is_lost_with_the_lease_and_some_without(
    store: Any, prefix: str, how: str, each: int
) -> None:
    both, said = threading.Barrier(2), SimpleNamespace(steady=[], killed=[])

    def steady() -> None:
        said.steady = committed_by(prefix, how, "steady", "elsewhere", each, 1 if how == "with" else 0, both)

    def killed() -> None:
        said.killed = committed_by(prefix, how, "killed", "here", each, 2, both)

    writers = [threading.Thread(target=work) for work in (steady, killed)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    acknowledged = said.steady + said.killed
    there = versions(store, prefix)
    found = [store.get_object(Bucket=BUCKET, Key=key(prefix, one))["Body"].read().decode() for one in there]
    assert len(acknowledged) == len(set(acknowledged)) == 2 * each
    lost = set(acknowledged) - set(found)
    assert bool(lost) == (how == "without")
    assert len(found) == len(set(found))
    assert there == list(range(len(there)))
