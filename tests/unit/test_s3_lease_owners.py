"""Owners of a lease in S3 that are dead, elsewhere, or not to be made out."""

import subprocess
import threading
from dataclasses import replace
from typing import Any

import pytest

from lakehouse.runtime import leases
from tests.unit.lease_processes import BUCKET, TABLE
from tests.unit.s3_chains import ELSEWHERE, chain, fail_under_lease, grow_old, killed_holder, refusal, taken

pytestmark = pytest.mark.usefixtures("impatient")


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
    assert "is being written by process unknown (what its lease says cannot be read)" in refusal(store, prefix)
    grow_old(prefix, 62)
    with taken(store, prefix) as held:
        assert held.fencing == 8
