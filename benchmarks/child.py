"""One measured process: the steps of a plan, one after the other, each with the moments at which its stages ended.

In: a plan, a JSON file of steps, and a name for the result. Out: a JSON file with the outcome and the marks of
each step. Guaranteed: what runs is the command line itself, the peer, or the comparison of the change feed; nothing
is measured by changing it but for calls that take the time: the protocols' named points, the lines of progress,
`tally`, and that gold wrote an intermediate result.
"""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

Mark = Callable[[str], None]

STAGED = "gold-staged-"
"""How the marks begin that tell of an intermediate result of gold: `gold-staged-lines`."""


def run_plan(plan: Path, result: Path) -> None:
    """Run the steps of a plan; `result` is written when all of them are done."""
    done = []
    for step in json.loads(plan.read_text()):
        marks: list[dict[str, Any]] = []
        begun = time.time()

        def mark(point: str, marks: list[dict[str, Any]] = marks) -> None:
            marks.append({"point": point, "at": time.time(), "jobs": _jobs()})

        outcome = SIDES[step["who"]](step, mark)
        mark("end")
        done.append({"begun": begun, "outcome": outcome, "marks": marks})
    result.write_text(json.dumps(done))


def _by_peer(step: dict[str, Any], mark: Mark) -> dict[str, int]:
    from benchmarks.peer import load

    mark("peer-begun")
    return load(Path(step["csv"]), Path(step["home"]), step["as_of"], mark)


def _by_feed(step: dict[str, Any], mark: Mark) -> Any:
    from benchmarks import feed

    mark("feed-begun")
    return feed.run(step["do"], step["home"], step["other"], step["span"])


def _by_command(step: dict[str, Any], mark: Mark) -> Any:
    """`lakehouse ARGUMENTS` with `--json` and its home; the document it prints.

    Raises:
        SystemExit: the command ended with another exit code than 0.
    """
    _watch(mark)
    from lakehouse.cli.main import main

    os.environ["LAKEHOUSE_HOME"] = step["home"]
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            main([*step["arguments"], "--json"])
    except SystemExit as end:
        if end.code:
            raise
    return json.loads(printed.getvalue())


SIDES: dict[str, Callable[[dict[str, Any], Mark], Any]] = {
    "lakehouse": _by_command,
    "peer": _by_peer,
    "feed": _by_feed,
}
"""Who takes a step."""


def _watch(mark: Mark) -> None:
    """Have the named points and the first line of progress tell `mark`.

    A module takes `reached` when it is loaded, and those of a first step are not loaded yet: they find a
    function here that tells whichever step is under way.
    """
    from lakehouse.cli import show
    from lakehouse.ops import killpoints

    _LISTENER[:] = [mark]
    killpoints.reached = _reached
    show.say = _said


_LISTENER: list[Mark] = []
_TOLD: list[Mark | None] = [None]
"""The step that was told of its first line of landing: the files after it are part of landing."""


def _reached(point: str) -> None:
    _LISTENER[0](point)
    if point == "batch-begun":
        _watch_tally()
    if point == "gold-begun":
        _watch_staging()
    if point == "gold-before-release":
        _UNWATCH.pop()()


def _said(line: str) -> None:
    """Landing says the first file's name before it looks into it."""
    print(line, file=sys.stderr)
    if line.startswith("bronze:") and _LISTENER[0] is not _TOLD[0]:
        _TOLD[0] = _LISTENER[0]
        _LISTENER[0]("said-bronze")


def _watch_tally() -> None:
    """The one stage that no named point ends."""
    batch: Any = import_module("lakehouse.silver.batch")
    counted = batch.tally
    if counted.__module__ == __name__:
        return

    def tally(*arguments: Any) -> Any:
        told = counted(*arguments)
        _LISTENER[0]("tallied")
        return told

    tally.__module__ = __name__
    batch.tally = tally


_UNWATCH: list[Callable[[], None]] = []


def _watch_staging() -> None:
    """Gold computes its results into Parquet files and commits only then: these files end its stages."""
    from pyspark.sql import DataFrameWriter

    written = DataFrameWriter.parquet

    def parquet(writer: DataFrameWriter, path: str, *arguments: Any, **named: Any) -> None:
        written(writer, path, *arguments, **named)
        _LISTENER[0](STAGED + path.rstrip("/").rpartition("/")[2].replace("_", "-"))

    DataFrameWriter.parquet = parquet  # type: ignore[assignment]
    _UNWATCH.append(lambda: setattr(DataFrameWriter, "parquet", written))


def _jobs() -> int:
    """Spark jobs so far: their ids go up by one, and the last job of a stage is one without a group."""
    pyspark = sys.modules.get("pyspark")
    context = pyspark.SparkContext._active_spark_context if pyspark else None
    if context is None:
        return 0
    return max(context.statusTracker().getJobIdsForGroup(None), default=-1) + 1


if __name__ == "__main__":
    run_plan(Path(sys.argv[1]), Path(sys.argv[2]))
