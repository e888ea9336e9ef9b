"""Processes that commit as Delta does on plain S3, and are killed: with the lease no commit is lost, else some are."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.unit.lease_processes import line
from tests.unit.s3_commits import commits, versions

ATTEMPTS = 100
"""Of each of the two writers."""

OFTEN = [(number, "put" if number % 3 else "listed") for number in range(5, ATTEMPTS, 7)]
SELDOM = [(30, "put"), (60, "listed")]
"""Where they are killed. The second is on another machine: whoever waits for it then waits until its lease expires."""


def committed_by(
    prefix: str, how: str, name: str, where: str, kills: Sequence[tuple[int, str]], both: threading.Barrier
) -> list[str]:
    """What a writer said of its attempts; killed each time, it is begun anew at the first one it has not said."""
    said: list[str] = []
    for attempt, point in [*kills, (ATTEMPTS, "never")]:
        words = [prefix, how, name, str(len(said)), str(ATTEMPTS), where, str(attempt), point]
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.s3_commits", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert line(child) == "ready"
        if not said:
            both.wait()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("\n")
        child.stdin.flush()
        said += child.stdout.read().splitlines()
        assert (child.wait() == -9) == (attempt < ATTEMPTS)
        child.stdin.close()
    return said


@pytest.mark.parametrize("how", ["with", "without"])
def test_of_the_commits_of_processes_that_are_killed_none_is_lost_with_the_lease_and_some_without(
    store: Any, prefix: str, how: str
) -> None:
    both = threading.Barrier(2)
    with ThreadPoolExecutor(2) as writers:
        here = writers.submit(committed_by, prefix, how, "here", "here", OFTEN, both)
        elsewhere = writers.submit(committed_by, prefix, how, "elsewhere", "elsewhere", SELDOM, both)
    attempted = {f"{name} {number}" for name in ("here", "elsewhere") for number in range(ATTEMPTS)}
    assert sorted(here.result() + elsewhere.result()) == sorted(attempted)
    found = commits(store, prefix)
    assert len(found) == len(set(found)), "one is doubled"
    writers_in_turn = [name for name, _ in groupby(found, key=lambda one: one.partition(" ")[0])]
    assert len(writers_in_turn) > 10, "they hardly met"
    lost = attempted - set(found)
    assert bool(lost) == (how == "without")
    assert versions(store, prefix) == list(range(len(found)))


def test_who_does_not_look_first_commits_twice(store: Any, prefix: str) -> None:
    """So that the test above can fail: one killed right after its put does not know of it, and here does not look."""
    committed_by(prefix, "blindly", "here", "here", [(5, "put")], threading.Barrier(1))
    found = commits(store, prefix)
    assert [one for one in found if found.count(one) > 1] == ["here 5", "here 5"]
