"""The bench of the increment: the same small batch into a small and into a ten times larger silver.

In: a made-up history of each size, loaded file by file, and three increments for each. Out: the median time of
each size, their ratio, and what the MERGE read and wrote. Guaranteed: one session for all; the increments
of the two sizes alternate, so that what else the machine does meets both.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from deltalake import DeltaTable

from benchmarks.measure import Step, run_steps
from benchmarks.report import Report, Table, megabytes
from lakehouse.runtime.errors import JobError
from lakehouse.sample import write_history, write_increment

ROWS = 5_000
ROUNDS = 3
FILE_ROWS = 250_000
METRICS = {
    "scanTimeMs": "scan ms",
    "rewriteTimeMs": "rewrite ms",
    "numTargetFilesRemoved": "rewritten",
    "numTargetFilesAdded": "added",
    "numTargetDeletionVectorsAdded": "vectors added",
    "numTargetRowsInserted": "inserted",
    "numTargetRowsUpdated": "updated",
    "numTargetRowsCopied": "copied",
}
"""A metric of Delta's MERGE → the column that shows it."""


def bench(folder: Path, small: bool) -> Report:
    """Load both histories, then run the increments, all in one process.

    Raises:
        JobError: a step failed, or an increment was not accounted for as it was made.
    """
    sizes = (20_000, 200_000) if small else (500_000, 5_000_000)
    homes = {size: folder / f"{size}" for size in sizes}
    plan = [_step(home, *_history(folder / "csv", size, size // 2 if small else FILE_ROWS))
            for size, home in homes.items()]  # fmt: skip
    order = [(size, number) for number in range(1, ROUNDS + 1) for size in sizes]
    plan += [_step(homes[size], *_increment(folder / "csv", size, number)) for size, number in order]
    steps = run_steps(plan, folder / "process")
    loaded = dict(zip(sizes, steps, strict=False))
    ran = {size: [s for s, (of, _) in zip(steps[2:], order, strict=True) if of == size] for size in sizes}
    medians = {size: median(step.total for step in ran[size]) for size in sizes}
    ratio = medians[sizes[1]] / medians[sizes[0]]
    rows = [_size_row(size, loaded[size], ran[size], medians[size]) for size in sizes]
    merges = [row for size, home in homes.items() for row in _merges(size, home, ran[size])]
    return Report(
        bench="increment",
        tables=[Table(title=f"{ROWS:,} rows into silver", rows=rows), _stages(ran), Table(title="MERGEs", rows=merges)],
        notes=[f"ratio of the medians: {ratio:.2f} (aim: at most 1.3)"],
    )


def _history(folder: Path, size: int, file_rows: int) -> tuple[str, list[Path]]:
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


def _increment(folder: Path, size: int, number: int) -> tuple[str, list[Path]]:
    path = folder / f"increment-{size}-{number}.csv"
    made = write_increment(path, of_rows=size, rows=ROWS, number=number)
    return made.as_of.isoformat(), [path]


def _step(home: Path, as_of: str, files: Iterable[Path]) -> dict[str, Any]:
    arguments = ["run", "--to", "silver", "--source", "superstore", "--as-of", as_of, *map(str, files)]
    return {"who": "lakehouse", "home": str(home), "arguments": arguments}


def _size_row(size: int, loaded: Step, ran: list[Step], middle: float) -> dict[str, Any]:
    return {
        "rows before": size,
        "history loaded in s": loaded.total,
        **{f"increment {number} s": step.total for number, step in enumerate(ran, 1)},
        "median s": middle,
        "median CPU s": median(step.cpu_seconds for step in ran),
        "Spark jobs": round(median(sum(step.jobs.values()) for step in ran)),
        "peak MiB": megabytes(max(step.peak_bytes for step in ran)),
    }


def _stages(ran: dict[int, list[Step]]) -> Table:
    def middle(size: int, stage: str) -> float:
        return median(step.seconds.get(stage, 0.0) for step in ran[size])

    stages = next(iter(ran.values()))[0].seconds
    rows = [{"stage": stage, **{f"{size:,} rows: s": middle(size, stage) for size in ran}} for stage in stages]
    return Table(title="Stages of an increment, medians", rows=rows)


def _merges(size: int, home: Path, ran: list[Step]) -> Iterator[dict[str, Any]]:
    """What Delta says of the MERGE of each increment."""
    silver = str(home / "silver" / "sales")
    by_batch = {commit.get("userMetadata"): commit for commit in DeltaTable(silver).history()}
    for number, step in enumerate(ran, 1):
        (batch,) = step.outcome["batches"]
        if batch["updated"] * 10 != ROWS or batch["inserted"] * 10 != ROWS * 9:
            raise JobError(f"increment {number} into {size:,} rows was not accounted for as it was made: {batch}")
        commit = by_batch[batch["batch_id"]]
        before = len(DeltaTable(silver, version=commit["version"] - 1).file_uris())
        shown = {column: int(commit["operationMetrics"].get(name, 0)) for name, column in METRICS.items()}
        yield {"rows before": size, "increment": number, "files before": before, **shown}
