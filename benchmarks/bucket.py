"""The bench of the bucket: the same daily files into a folder and into a bucket, into a small and a large lakehouse.

In: a made-up history of each size, loaded before, and some increments. Out: seconds of whole commands, their ratio,
the requests of one increment by kind, and those of many days after it; seconds of one increment where each answer of
the store is some milliseconds on its way. Guaranteed: folder and bucket take turns; the store is on this machine, so
that else requests cost its processor and no distance; both came to the same release, digest for digest.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.compare import refuse_differences
from benchmarks.report import Report, Table
from lakehouse.errors import JobError
from lakehouse.sample import write_history, write_increment
from scripts.s3_server import answer_after, environment, make_bucket, requests_at, s3_server

ROWS = 1_000
ROUNDS = 3
FIRST = 4
"""The first increment's place after the history: in the days before it no customer and no product changes."""
DISTANCES = (0, 10, 30)
"""Milliseconds: on this machine; as a store in the same region may need, and one elsewhere."""
MOST_GROWTH = 1.3
"""Times the requests that a lakehouse of ten times the lines may make for a file of the same size."""
SPELL = 10
"""So many days are told as one: in each, small files are put together some times."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One command: its seconds, what it printed as JSON, and what it asked of the store."""

    seconds: float
    outcome: Any
    requests: Counter[str]


def bench(folder: Path, small: bool) -> Report:
    """Load a history into a folder and a bucket for each size, then the increments in turns.

    Raises:
        JobError: a command failed, folder and bucket did not come to the same, or the requests grew with the lines.
    """
    rows: list[dict[str, Any]] = []
    kinds: list[tuple[int, Counter[str]]] = []
    sizes = (2_000, 20_000) if small else (20_000, 200_000)
    with s3_server() as address:
        for size in sizes:
            runs = list(_turns(folder / f"{size}", address, size))
            here, there = ([turn[place] for turn in runs] for place in (0, 1))
            digests = {"folder": _digests(here[-1]), "bucket": _digests(there[-1])}
            refuse_differences(f"the release of {size:,} lines", digests)
            rows.append(_row(size, here, there))
            kinds.append((size, there[-1].requests))
        bucket = _Bucket(folder=folder / f"{sizes[0]}", address=address, size=sizes[0])
        far = [_from_afar(bucket, distance) for distance in DISTANCES]
        days = list(_spells(bucket, 2 if small else 4))
    grown = kinds[1][1].total() / kinds[0][1].total()
    if grown > MOST_GROWTH:
        raise JobError(f"ten times the lakehouse makes {grown:.2f} times the requests, not at most {MOST_GROWTH}")
    tables = [
        Table(title=f"{ROWS:,} rows from CSV to gold, whole commands", rows=rows),
        Table(title="Requests of the last of them, by kind", rows=_by_kind(kinds)),
        Table(title="Another one, the store at a distance", rows=far),
        Table(title=f"Requests of a daily file after it, into {sizes[0]:,} lines", rows=days),
    ]
    notes = [f"ten times the lakehouse, {grown:.2f} times the requests"]
    return Report(bench="bucket", tables=tables, notes=notes)


def _turns(folder: Path, address: str, size: int) -> Iterator[tuple[Run, Run]]:
    """Each increment into the folder, then into the bucket; the history before them is not measured."""
    folder.mkdir(parents=True)
    bucket = f"bench-{size}"
    make_bucket(address, bucket)
    homes = {"folder": {}, "bucket": environment(address, bucket)}
    history = folder / "history.csv"
    made = write_history(history, rows=size)
    for name, variables in homes.items():
        _run(folder / name, variables, address, made.as_of.isoformat(), history)
    for number in range(FIRST, FIRST + ROUNDS):
        file = folder / f"increment-{number}.csv"
        made = write_increment(file, of_rows=size, rows=ROWS, number=number)
        here, there = (_run(folder / n, v, address, made.as_of.isoformat(), file) for n, v in homes.items())
        yield here, there


@dataclass(kw_only=True, slots=True)
class _Bucket:
    """A lakehouse in a bucket, after the turns: it takes a daily file after the other."""

    folder: Path
    address: str
    size: int
    number: int = FIRST + ROUNDS

    def take_next(self) -> Run:
        file = self.folder / f"increment-{self.number}.csv"
        made = write_increment(file, of_rows=self.size, rows=ROWS, number=self.number)
        self.number += 1
        variables = environment(self.address, f"bench-{self.size}")
        return _run(self.folder / "bucket", variables, self.address, made.as_of.isoformat(), file)


def _from_afar(bucket: _Bucket, milliseconds: int) -> dict[str, Any]:
    """A file from CSV to gold where each answer takes so long on its way."""
    answer_after(bucket.address, milliseconds / 1000)
    run = bucket.take_next()
    answer_after(bucket.address, 0)
    return {"ms an answer": milliseconds, "seconds": run.seconds, "requests": run.requests.total()}


def _spells(bucket: _Bucket, count: int) -> Iterator[dict[str, Any]]:
    """Spells of daily files, each with the requests of a file."""
    for place in range(count):
        asked = [bucket.take_next().requests.total() for _ in range(SPELL)]
        days = f"{place * SPELL + 1} to {(place + 1) * SPELL}"
        yield {"days": days, "median": median(asked), "most": max(asked)}


def _run(home: Path, variables: dict[str, str], address: str, as_of: str, file: Path) -> Run:
    command = [sys.executable, "-m", "lakehouse.cli.main", "run", "--json", "--to", "gold"]
    before, begun = requests_at(address), time.monotonic()
    done = subprocess.run(
        [*command, "--source", "superstore", "--as-of", as_of, str(file)],
        env={**os.environ, "LAKEHOUSE_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - begun
    if done.returncode:
        raise JobError(f"a measured command failed: {done.stderr[-1500:]}")
    return Run(seconds=seconds, outcome=json.loads(done.stdout), requests=requests_at(address) - before)


def _digests(run: Run) -> dict[str, str]:
    digests: dict[str, str] = run.outcome["release"]["digests"]
    return digests


def _by_kind(counted: list[tuple[int, Counter[str]]]) -> list[dict[str, Any]]:
    """A row a kind, a column a size."""
    kinds = sorted({kind for _, counts in counted for kind in counts})
    return [{"kind": kind, **{f"{size:,} lines": counts[kind] for size, counts in counted}} for kind in kinds]


def _row(size: int, here: list[Run], there: list[Run]) -> dict[str, Any]:
    seconds, in_bucket = (median(run.seconds for run in runs) for runs in (here, there))
    return {
        "lines before": size,
        "folder s": seconds,
        "bucket s": in_bucket,
        "bucket / folder": in_bucket / seconds,
        "requests": median(run.requests.total() for run in there),
    }
