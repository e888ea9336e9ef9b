"""Leases between real processes: one holder at a time, dead owners never block, their JVMs are waited for."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.runtime import leases
from lakehouse.runtime.errors import JobError
from lakehouse.runtime.leases import lease

TABLE = "silver.sales"
PATIENCE = 60.0

HOLD = """
    from lakehouse.runtime.leases import lease
    with lease(root, table, say=lambda line: print(line, flush=True)) as held:
        jvm = int(argument) if argument else None
        held.guard(jvm)
        print("held", flush=True)
        input()
"""
"""Takes the lease, guards the process named by its argument, and holds it until a line comes in."""

TRY = """
    from lakehouse.runtime.errors import JobError
    from lakehouse.runtime.leases import lease
    try:
        with lease(root, table, wait=False):
            print("held")
    except JobError as error:
        print(error)
        sys.exit(error.exit_code)
"""

COUNT = """
    import os
    import time
    from contextlib import nullcontext
    from pathlib import Path
    from lakehouse.runtime import leases
    leases.POLL_SECONDS = 0.001
    counter, part = Path(root, "counter"), Path(root, str(os.getpid()))
    with Path(root, "go").open("rb", buffering=0) as go:
        go.read(1)
    for _ in range(50):
        with leases.lease(root, table) if argument == "with" else nullcontext():
            seen = int(counter.read_text())
            time.sleep(0.0005)
            part.write_text(str(seen + 1))
            part.replace(counter)
"""
"""Reads a byte of the pipe `go`, then adds 1 to the counter 50 times, with or without the lease."""


def process(code: str, root: Path, argument: str = "") -> subprocess.Popen[str]:
    opening = f"import sys\nroot, table, argument = {str(root)!r}, {TABLE!r}, {argument!r}\n"
    return subprocess.Popen(
        [sys.executable, "-c", opening + textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line(of: subprocess.Popen[str]) -> str:
    assert of.stdout is not None
    return of.stdout.readline().strip()


def let_go(holder: subprocess.Popen[str]) -> None:
    holder.communicate("\n", timeout=PATIENCE)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Stands for a JVM: it lives until it is killed, whatever becomes of those who recorded it."""
    child = subprocess.Popen(["sleep", "300"])
    yield child
    child.kill()
    child.wait()


@pytest.fixture(autouse=True)
def no_jvm_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_OWN_JVM", [])


def owner_file(root: Path) -> Path:
    return root / "leases" / f"{TABLE}.lock"


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


def test_a_second_process_waits_says_so_once_and_goes_on(tmp_path: Path) -> None:
    first = process(HOLD, tmp_path)
    assert line(first) == "held"
    second = process(HOLD, tmp_path)
    assert line(second) == f"waiting for process {first.pid}, which is writing {TABLE}"
    time.sleep(5 * leases.POLL_SECONDS)
    assert second.poll() is None
    let_go(first)
    assert line(second) == "held"
    let_go(second)
    assert (first.returncode, second.returncode) == (0, 0)


def test_without_waiting_it_fails_with_a_sentence_and_exit_code_1(tmp_path: Path) -> None:
    first = process(HOLD, tmp_path)
    assert line(first) == "held"
    second = process(TRY, tmp_path)
    told, _ = second.communicate(timeout=PATIENCE)
    let_go(first)
    assert second.returncode == 1
    assert told.strip() == f"{TABLE} is being written by process {first.pid}: wait for it, or leave out --no-wait"


def test_leases_of_different_tables_and_lakes_do_not_meet(tmp_path: Path) -> None:
    with (
        lease(str(tmp_path), TABLE, wait=False),
        lease(str(tmp_path), "ops.landed_files", wait=False),
        lease(str(tmp_path / "other"), TABLE, wait=False),
    ):
        pass


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


@pytest.mark.parametrize("again", [False, True], ids=["removed", "removed and made anew by another"])
def test_the_check_before_a_commit_fails_when_the_lock_file_was_removed(tmp_path: Path, again: bool) -> None:
    with lease(str(tmp_path), TABLE) as held:
        held.check()
        owner_file(tmp_path).unlink()
        if again:
            other = process(HOLD, tmp_path)
            assert line(other) == "held"
        with pytest.raises(JobError, match=f"the lease of {TABLE} was taken away"):
            held.check()
    if again:
        with pytest.raises(JobError), lease(str(tmp_path), TABLE, wait=False):
            pass  # our release did not release the other one's
        let_go(other)


def test_who_waits_for_a_removed_lock_file_gets_the_new_one(tmp_path: Path) -> None:
    first = process(HOLD, tmp_path)
    assert line(first) == "held"
    second = process(HOLD, tmp_path)
    assert line(second).startswith("waiting")
    owner_file(tmp_path).unlink()
    owner_file(tmp_path).parent.rmdir()  # as `lakehouse reset` does
    assert line(second) == "held"
    let_go(first)
    with pytest.raises(JobError), lease(str(tmp_path), TABLE, wait=False):
        pass
    let_go(second)


def test_threads_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    inside, most = [0], [0]

    def work() -> None:
        for _ in range(5):
            with lease(str(tmp_path), TABLE):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.002)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


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


@pytest.mark.parametrize("how", ["with", "without"])
def test_of_200_increments_by_4_processes_none_is_lost_with_the_lease_and_some_without(
    tmp_path: Path, how: str
) -> None:
    (tmp_path / "counter").write_text("0")
    os.mkfifo(tmp_path / "go")
    go = os.open(tmp_path / "go", os.O_RDWR)
    workers = [process(COUNT, tmp_path, how) for _ in range(4)]
    os.write(go, b"1234")
    for worker in workers:
        worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 0
    os.close(go)
    counted = int((tmp_path / "counter").read_text())
    assert counted == 200 if how == "with" else counted < 200
