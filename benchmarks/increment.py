"""The bench of the increment: the same small batch into a small and into a ten times larger lakehouse.

In: a made-up history of each size, loaded file by file, and three increments for each. Out: the median time of
each size from CSV to gold, their ratio, and what the commits of silver and gold read and wrote. Guaranteed: one
session for all; the increments of the two sizes alternate, so that what else the machine does meets both; each is
accounted for as it was made, and reached gold by a step from the release before.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from deltalake import DeltaTable

from benchmarks.measure import Step, run_steps
from benchmarks.report import Report, Table, megabytes
from lakehouse.errors import JobError
from lakehouse.sample import write_history, write_increment

ROWS = 5_000
ROUNDS = 3
FIRST = 4
"""The first increment's place after the history: in the days before it no customer and no product changes."""

FILE_ROWS = 250_000
METRICS = {
    "scanTimeMs": "scan ms",
    "rewriteTimeMs": "rewrite ms",
    "numTargetFilesRemoved": "rewritten",
    "numTargetFilesAdded": "added",
    "numTargetDeletionVectorsAdded": "vectors added",
    "numTargetRowsInserted": "inserted",
    "numTargetRowsUpdated": "updated",
    "numTargetRowsDeleted": "deleted",
    "numTargetRowsCopied": "copied",
}
"""A metric of Delta's MERGE → the column that shows it."""

APPENDED = {"numFiles": "added", "numOutputRows": "inserted"}
"""The same of a commit that only adds rows."""


def bench(folder: Path, small: bool) -> Report:
    """Load both histories, then run the increments, all in one process.

    Raises:
        JobError: a step failed, or an increment was not accounted for, or not brought to gold, as it was made.
    """
    sizes = (20_000, 200_000) if small else (500_000, 5_000_000)
    homes = {size: folder / f"{size}" for size in sizes}
    plan: list[dict[str, Any]] = []
    for size, home in homes.items():
        plan.append(step_to("silver", home, *history_of(folder / "csv", size, size // 2 if small else FILE_ROWS)))
        plan.append(step_to("gold", home))
    order = [(size, number) for number in range(1, ROUNDS + 1) for size in sizes]
    plan += [step_to("gold", homes[size], *increment_of(folder / "csv", size, number)) for size, number in order]
    steps = run_steps(plan, folder / "process")
    loaded = {size: (steps[2 * place], steps[2 * place + 1]) for place, size in enumerate(sizes)}
    ran = {size: [s for s, (of, _) in zip(steps[4:], order, strict=True) if of == size] for size in sizes}
    medians = {size: median(step.total for step in ran[size]) for size in sizes}
    ratio = medians[sizes[1]] / medians[sizes[0]]
    rows = [_size_row(size, loaded[size], ran[size], medians[size]) for size in sizes]
    merges = [row for size, home in homes.items() for row in _merges(size, home, ran[size])]
    commits = [row for size, home in homes.items() for row in _gold_commits(size, home, ran[size])]
    return Report(
        bench="increment",
        tables=[
            Table(title=f"{ROWS:,} rows from CSV to gold", rows=rows),
            _stages(ran),
            Table(title="Silver's MERGEs", rows=merges),
            Table(title="Gold's commits", rows=commits),
        ],
        notes=[f"ratio of the medians: {ratio:.2f} (aim: at most 1.3)"],
    )


def history_of(folder: Path, size: int, file_rows: int) -> tuple[str, list[Path]]:
    """The history as files of consecutive days, so that silver's files are clustered in time, too."""
    whole = folder / f"history-{size}.csv"
    made = write_history(whole, rows=size)
    parts = list(split(whole, file_rows))
    whole.unlink()
    return made.as_of.isoformat(), parts


def split(csv: Path, rows: int) -> Iterator[Path]:
    """The file's rows in parts beside it, `rows` each, every part with the header; no field may hold a line break."""
    with csv.open(encoding="utf-8", newline="") as lines:
        header = next(lines)
        number = 0
        while chunk := list(islice(lines, rows)):
            number += 1
            part = csv.with_name(f"{csv.stem}-{number:03}.csv")
            with part.open("w", encoding="utf-8", newline="") as out:
                out.writelines([header, *chunk])
            yield part


def increment_of(folder: Path, size: int, number: int) -> tuple[str, list[Path]]:
    """The as-of of an increment, from 1, and its file."""
    path = folder / f"increment-{size}-{number}.csv"
    made = write_increment(path, of_rows=size, rows=ROWS, number=FIRST - 1 + number)
    return made.as_of.isoformat(), [path]


def step_to(stage: str, home: Path, as_of: str | None = None, files: Iterable[Path] = ()) -> dict[str, Any]:
    """A run of files; of what has landed before where there is none."""
    when = ["--as-of", as_of] if as_of else []
    arguments = ["run", "--to", stage, "--source", "superstore", *when, *map(str, files)]
    return {"who": "lakehouse", "home": str(home), "arguments": arguments}


def _size_row(size: int, loaded: tuple[Step, Step], ran: list[Step], middle: float) -> dict[str, Any]:
    to_silver, to_gold = loaded
    return {
        "rows before": size,
        "history to silver s": to_silver.total,
        "first release s": to_gold.total,
        **{f"increment {number} s": step.total for number, step in enumerate(ran, 1)},
        "median s": middle,
        "till silver s": median(step.before_gold for step in ran),
        "median CPU s": median(step.cpu_seconds for step in ran),
        "Spark jobs": round(median(sum(step.jobs.values()) for step in ran)),
        "peak MiB": megabytes(max(step.peak_bytes for step in ran)),
    }


def _stages(ran: dict[int, list[Step]]) -> Table:
    """The median of each stage; zero where most increments do without it."""

    def middle(size: int, stage: str) -> float:
        return median(step.seconds.get(stage, 0.0) for step in ran[size])

    stages = dict.fromkeys(stage for steps in ran.values() for step in steps for stage in step.seconds)
    most = max(ran)
    rows = [
        {
            "stage": stage,
            **{f"{size:,} rows: s": middle(size, stage) for size in ran},
            f"{most:,} rows: jobs": round(median(step.jobs.get(stage, 0) for step in ran[most])),
        }
        for stage in stages
    ]
    return Table(title="Stages of an increment, medians", rows=rows)


def _merges(size: int, home: Path, ran: list[Step]) -> Iterator[dict[str, Any]]:
    """What Delta says of silver's MERGE of each increment."""
    silver = home / "silver" / "sales"
    for number, step in enumerate(ran, 1):
        (batch,) = step.outcome["batches"]
        if batch["updated"] * 10 != ROWS or batch["inserted"] * 10 != ROWS * 9:
            raise JobError(f"increment {number} into {size:,} rows was not accounted for as it was made: {batch}")
        for told in told_by(silver, batch["batch_id"]):
            yield {"rows before": size, "increment": number, **told}


def _gold_commits(size: int, home: Path, ran: list[Step]) -> Iterator[dict[str, Any]]:
    """What Delta says of the commits of each increment's release; a table without one was not touched."""
    for number, step in enumerate(ran, 1):
        release = step.outcome["release"]
        wanted = size + number * ROWS * 9 // 10
        if release["kind"] != "step" or release["row_counts"]["gold.fact_sales"] != wanted:
            raise JobError(f"increment {number} into {size:,} rows did not reach gold as it was made: {release}")
        for table in release["versions"]:
            for told in told_by(home / Path(*table.split(".")), release["release_id"]):
                yield {"rows before": size, "increment": number, "table": table.partition(".")[2], **told}


def told_by(table: Path, commit_id: str) -> Iterator[dict[str, Any]]:
    """The commits of a table that carry an id: how many files there were before, and Delta's metrics."""
    for commit in DeltaTable(str(table)).history():
        if commit.get("userMetadata") == commit_id:
            before = len(DeltaTable(str(table), version=commit["version"] - 1).file_uris())
            metrics = commit["operationMetrics"]
            shown = {column: int(metrics.get(name, 0)) for name, column in METRICS.items()}
            if commit["operation"] == "WRITE":
                shown |= {column: int(metrics.get(name, 0)) for name, column in APPENDED.items()}
            yield {"commit": commit["operation"], "files before": before, **shown}
