"""Processes that commit as Delta does on plain S3, and are killed: with the lease no commit is lost, else some are."""

import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.lease_processes import BUCKET, line
from tests.unit.s3_commits import key, versions


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
