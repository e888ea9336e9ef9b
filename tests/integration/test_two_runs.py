"""Two `lakehouse run`s at once on one lakehouse: both succeed, who comes second says that it waits."""

import json
import subprocess
from pathlib import Path

import pytest

from lakehouse.runtime.lake import open_lake
from lakehouse.runtime.leases import lease
from lakehouse.sample import write_sample
from tests.kills import PATIENCE, command, ended, leftovers, state

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]


def lines_until(text: str, process: subprocess.Popen[str]) -> list[str]:
    """What a process says, up to the line that ends with a text."""
    said: list[str] = []
    assert process.stderr is not None
    while not (said and said[-1].endswith(text)):
        line = process.stderr.readline()
        assert line, f"ended without {text!r}: {said}"
        said.append(line.rstrip())
    return said


def test_two_runs_at_once_both_succeed_and_say_that_they_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third writer holds silver until both stand before it, so that they meet there in every run of this test."""
    home = tmp_path / "home"
    first, second = write_sample(tmp_path / "files", rows=300, days=2)
    monkeypatch.setenv("LAKEHOUSE_HOME", str(home))
    asked = ("run", "--to", "silver", "--source", "superstore", "--json")
    with command(home, *asked, str(first.path)) as one, command(home, *asked, str(second.path)) as two:
        with lease(str(home), "silver.sales"):
            waits = [lines_until("which is writing silver.sales", process)[-1] for process in (one, two)]
        told = [json.loads(process.communicate(timeout=PATIENCE)[0]) for process in (one, two)]
    assert all(line.startswith("waiting for process") for line in waits)
    assert [process.returncode for process in (one, two)] == [0, 0]
    assert [len(document["files"]) for document in told] == [1, 1]
    # Both files had landed when silver became free: whoever got it first may have brought in the other's file, too.
    batches = [batch for document in told for batch in document["batches"]]
    assert sorted(batch["file"] for batch in batches) == sorted([first.path.name, second.path.name])
    assert leftovers(open_lake("local")) == []

    rows = state(open_lake("local"))
    assert [row["status"] for row in rows["ops.row_accounting"]] == ["done", "done"]
    assert len(rows["silver.sales"]) == first.new + second.new
    verified = ended(home, "verify", "--json")
    assert verified.returncode == 0, verified.stdout
