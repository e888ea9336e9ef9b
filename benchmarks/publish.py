"""The bench of the publisher: gold to the warehouse, all of it, then what an increment changed, then nothing.

In: a made-up history in gold. Out: rows a second, stage by stage, beside the same rows copied into a DuckDB file with
nothing around it. Guaranteed: the publisher's rows are reconciled with Delta before its commit; of the copy's only the
count is looked at.
"""

import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder

from benchmarks.increment import history_of, increment_of, step_to
from benchmarks.measure import Step, run_steps
from benchmarks.report import Report, Table, megabytes
from lakehouse.errors import JobError

SIZE, SMALL = 500_000, 20_000
NAMES = ("all of it", "an increment", "nothing")


def bench(folder: Path, small: bool) -> Report:
    """Build gold, publish it three times, and copy it once.

    Raises:
        JobError: a step failed, or the copy has another number of rows than the release.
    """
    size, home = SMALL if small else SIZE, folder / "home"
    publish = {"who": "lakehouse", "home": str(home), "arguments": ["publish"]}
    history, increment = history_of(folder / "csv", size, size // 2), increment_of(folder / "csv", size, 1)
    building = [step_to("gold", home, *history), publish, step_to("gold", home, *increment), publish, publish]
    _, first, built, changed, nothing = run_steps(building, folder / "process")
    steps = dict(zip(NAMES, (first, changed, nothing), strict=True))
    release = nothing.outcome["published"]
    copied, seconds = _copied(home, folder / "copy.duckdb")
    wanted = sum(built.outcome["release"]["row_counts"].values())
    if copied != wanted:
        raise JobError(f"the copy has {copied} rows, the release {wanted}")
    rows = [_row(name, step) for name, step in steps.items()]
    rate = rows[0]["rows a second"]
    return Report(
        bench="publish",
        tables=[Table(title="Gold to the warehouse", rows=rows), _stages(steps)],
        notes=[
            f"release {release['number']}; a bare copy of its {copied:,} rows into DuckDB: "
            f"{copied / seconds:,.0f} rows a second, {copied / seconds / rate:.1f} times as many"
        ],
    )


def _row(name: str, step: Step) -> dict[str, Any]:
    moved = sum(step.outcome["published"]["moved"].values())
    return {
        "what": name,
        "rows moved": moved,
        "seconds": step.total,
        "rows a second": moved / step.total,
        "CPU seconds": step.cpu_seconds,
        "peak MiB": megabytes(step.peak_bytes),
    }


def _stages(steps: dict[str, Step]) -> Table:
    stages = dict.fromkeys(stage for step in steps.values() for stage in step.seconds)
    rows = [{"stage": s, **{f"{name}: s": step.seconds.get(s) for name, step in steps.items()}} for s in stages]
    return Table(title="Stages", rows=rows)


def _copied(home: Path, target: Path) -> tuple[int, float]:
    """Copy the newest versions of gold's tables; how many rows, in how many seconds."""
    begun, rows = time.monotonic(), 0
    with duckdb.connect(str(target)) as connection:
        for table in sorted((home / "gold").iterdir()):
            reader = QueryBuilder().register("t", DeltaTable(str(table))).execute("SELECT * FROM t")
            connection.register("rows", pa.table(reader))
            connection.execute(f"CREATE TABLE {table.name} AS SELECT * FROM rows")
            rows += connection.table(table.name).count("*").fetchall()[0][0]
    return rows, time.monotonic() - begun
