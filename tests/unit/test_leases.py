"""Leases between real processes and threads: one holder at a time, whatever becomes of the lock file."""

import os
import threading
import time
from pathlib import Path

import pytest

from lakehouse.errors import JobError
from lakehouse.runtime import leases
from lakehouse.runtime.leases import lease
from tests.unit.lease_processes import HOLD, PATIENCE, TABLE, let_go, line, owner_file, process

TRY = """
    from lakehouse.errors import JobError
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
