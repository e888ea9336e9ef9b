"""Promise 3 for compaction: a run killed while Delta's OPTIMIZE writes, then run once more.

A lakehouse with more small files than it may have begins to put them together; the process and its JVM are killed
when the compacted file is there and its commit is not.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.ops import compaction, tables
from lakehouse.ops.opening import opened
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.silver import SALES
from tests.kills import PATIENCE, State, environment, holds, run

pytestmark = pytest.mark.timeout(900)

MOST = 1
"""So many small files; the table is taken for a large one, of which MERGE keeps the files it finds."""
FEW = f"from lakehouse.ops import compaction, spark; compaction.MOST_SMALL, spark.SMALL_ROWS = {MOST}, 0"
COMMAND = f"{FEW}; from lakehouse.cli.main import main; main()"


def data_files(table: Path) -> set[str]:
    return {path.name for path in table.glob("*.parquet")}


def killed_while_it_compacts(home: Path, file: Path) -> set[str]:
    """Run the file to silver, and kill all of it when a file of OPTIMIZE is written; the files that then are there."""
    table, before = home / "silver" / "sales", tables.version(open_lake("local"), SALES) or 0
    merged, optimized = (table / "_delta_log" / f"{before + more:020}.json" for more in (1, 2))
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "run", "--to", "silver", "--source", "superstore", str(file)],
        env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        waited_for(process, merged.exists)
        there = data_files(table)
        waited_for(process, lambda: data_files(table) > there)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not optimized.exists(), "it was killed too late"
    return data_files(table)


def waited_for(process: subprocess.Popen[bytes], is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert process.poll() is None, "it ended before"
        assert time.monotonic() < until
        time.sleep(0.002)


def optimizations(lake: Lake) -> int:
    return sum(one["operation"] == "OPTIMIZE" for one in tables.history(lake, SALES, -1))


def test_a_run_killed_while_it_compacts_has_lost_nothing_and_the_next_batch_compacts(
    spark: SparkSession,
    begun: Path,
    files: tuple[Path, Path],
    third: Path,
    never_killed: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compaction, "MOST_SMALL", MOST)
    left = killed_while_it_compacts(begun, files[1])
    lake = open_lake("local")
    known = {Path(uri).name for uri in opened(lake, SALES).file_uris()}
    assert left - known, "OPTIMIZE left no file of its own"
    assert optimizations(lake) == 0
    run(files[1])
    holds(spark, lake, never_killed)
    run(third)
    assert optimizations(lake) == 1
