"""Owners of a lease that are dead: they never block, but their JVMs are waited for."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from lakehouse.errors import JobError
from lakehouse.runtime import leases
from lakehouse.runtime.leases import lease
from tests.unit.lease_processes import HOLD, TABLE, let_go, line, owner_file, process


@pytest.fixture(autouse=True)
def no_jvm_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_OWN_JVM", [])


def fail_under_lease(root: Path, jvm: int, error: BaseException) -> None:
    with lease(str(root), TABLE) as held:
        held.guard(jvm)
        raise error


def held_in_the_meantime(root: Path) -> list[str]:
    """What a waiting process says until it has the lease."""
    said: list[str] = []
    with lease(str(root), TABLE, say=said.append):
        pass
    return said


def test_a_killed_owner_without_a_jvm_does_not_block(tmp_path: Path) -> None:
    first = process(HOLD, tmp_path)
    assert line(first) == "held"
    first.kill()
    first.wait()
    with lease(str(tmp_path), TABLE, wait=False):
        pass


def test_a_successor_waits_for_the_jvm_of_a_killed_owner(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    first = process(HOLD, tmp_path, str(sleeper.pid))
    assert line(first) == "held"
    first.kill()
    first.wait()
    second = process(HOLD, tmp_path)
    assert line(second) == f"waiting for process {sleeper.pid}, which a killed run left behind"
    time.sleep(5 * leases.POLL_SECONDS)
    assert second.poll() is None
    sleeper.kill()  # not reaped yet: a zombie in the kernel's sense, which commits nothing
    assert line(second) == "held"
    let_go(second)


def test_a_successor_that_is_killed_while_waiting_leaves_the_jvm_recorded(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    first = process(HOLD, tmp_path, str(sleeper.pid))
    assert line(first) == "held"
    first.kill()
    second = process(HOLD, tmp_path)
    assert line(second).startswith("waiting")
    second.kill()
    second.wait()
    first.wait()
    with (
        pytest.raises(JobError, match="still being written by what a killed run left"),
        lease(str(tmp_path), TABLE, wait=False),
    ):
        pass


def test_a_reused_process_id_is_not_mistaken_for_the_jvm(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    owner_file(tmp_path).parent.mkdir()
    owner_file(tmp_path).write_text(json.dumps({"pid": 1, "jvm": sleeper.pid, "jvm_started": "12345"}))
    assert held_in_the_meantime(tmp_path) == []


def test_a_jvm_that_was_dead_when_it_was_recorded_is_not_waited_for(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    first = process(HOLD, tmp_path, str(gone.pid))
    assert line(first) == "held"
    first.kill()
    first.wait()
    with lease(str(tmp_path), TABLE, wait=False):
        pass


def test_the_jvm_of_this_very_process_is_not_waited_for(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    leases.remember_jvm(sleeper.pid)
    with pytest.raises(KeyboardInterrupt):
        fail_under_lease(tmp_path, sleeper.pid, KeyboardInterrupt())
    with lease(str(tmp_path), TABLE, wait=False):
        pass


def test_after_an_interrupt_the_jvm_stays_recorded_for_others(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    with pytest.raises(KeyboardInterrupt):
        fail_under_lease(tmp_path, sleeper.pid, KeyboardInterrupt())
    with pytest.raises(JobError, match="killed run"), lease(str(tmp_path), TABLE, wait=False):
        pass


def test_after_an_error_the_living_jvm_of_a_living_process_blocks_nobody(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    with pytest.raises(ValueError, match="a stage failed"):
        fail_under_lease(tmp_path, sleeper.pid, ValueError("a stage failed"))
    with lease(str(tmp_path), TABLE, wait=False):
        pass


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x00\xff\xfe",
        b"{",
        b"[1, 2]",
        b'"text"',
        b'{"jvm": "x"}',
        b'{"jvm": null, "jvm_started": "1"}',
        b"{}" * 9,
    ],
)
def test_garbage_in_the_lock_file_neither_blocks_nor_fails(tmp_path: Path, garbage: bytes) -> None:
    owner_file(tmp_path).parent.mkdir()
    owner_file(tmp_path).write_bytes(garbage)
    with lease(str(tmp_path), TABLE, wait=False) as held:
        held.check()
        assert json.loads(owner_file(tmp_path).read_text())["pid"] == os.getpid()


def test_a_child_process_does_not_keep_the_lease_of_its_dead_parent(tmp_path: Path) -> None:
    parent = process(
        """
        import subprocess
        from lakehouse.runtime.leases import lease
        with lease(root, table):
            child = subprocess.Popen(["sleep", "300"])
            print(child.pid, flush=True)
            input()
        """,
        tmp_path,
    )
    child = int(line(parent))
    parent.kill()
    parent.wait()
    try:
        with lease(str(tmp_path), TABLE, wait=False):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
