"""The bench of events in silver: how quickly they are drained, how long one takes to get there, and in what memory.

In: made-up events, a broker of this machine. Out: events a second from bronze to silver; at a steady rate the seconds
from Kafka's time of an event to the end of its batch, and the memory of the processes over time. Guaranteed: what the
producer says is committed is in the books, event for event.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder

from benchmarks.report import Report, Table
from benchmarks.sampling import resident_of
from benchmarks.stream import PARTITIONS, command, rate_row
from lakehouse.bronze import EVENTS as MESSAGES
from lakehouse.errors import JobError
from lakehouse.ops.spans import spans_of
from lakehouse.streams import broker

DRAINED, FEW = 200_000, 5_000
RATE, SECONDS, BRIEF = 1_000, 600, 30
EVERY = 5.0
"""Seconds from one batch to the next, in bronze as in silver."""

SETTLE_SECONDS = 60
"""The first part of the steady run: code is compiled, caches are filled."""


def bench(folder: Path, small: bool) -> Report:
    """Drain a topic to silver; then follow one that is written to all the time.

    Raises:
        JobError: a command failed, or other events are in the books than were committed.
    """
    home = folder / "home"
    broker.start(str(home))
    try:
        drained = _drained(home, FEW if small else DRAINED)
        steady, memory = _steady(home, BRIEF if small else SECONDS)
    finally:
        broker.stop(str(home))
    notes = [f"{PARTITIONS} partitions; a batch every {EVERY:g} s", "aims: 15,000 events a second drained; p95 15 s"]
    tables = [
        Table(title="Bronze to silver, drained", rows=[drained]),
        Table(title=f"{RATE:,} events a second, followed by stream run", rows=[steady]),
        Table(title="Memory of its processes", rows=memory),
    ]
    return Report(bench="events", tables=tables, notes=notes)


def _drained(home: Path, events: int) -> Mapping[str, Any]:
    sizes = ["--events", str(events), "--partitions", str(PARTITIONS), "--transaction-size", "1000"]
    produced, _ = command(home, "produce", *sizes)
    command(home, "stream", "bronze", "--once")
    done, whole = command(home, "stream", "silver", "--once")
    if done["rows_in"] != produced["committed"]:
        raise JobError(f"{done['rows_in']} event(s) are in the books, but {produced['committed']} were committed")
    return rate_row("stream silver --once", done["rows_in"], done["seconds"], whole)


def _steady(home: Path, seconds: int) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Follow a producer; the delays of its events, and the memory by minute."""
    begun, memory = time.time(), []
    with _following(home) as job:
        words = ["produce", "--events", str(RATE * seconds), "--rate", str(RATE), "--seed", "8", "--interval", "0.2"]
        producer = subprocess.Popen(
            [sys.executable, "-m", "lakehouse.cli.main", *words, "--transaction-size", "200"],
            env=_env(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while producer.poll() is None:
            time.sleep(1)
            memory.append((time.time() - begun, resident_of(job)))
        time.sleep(4 * EVERY)
    settled = [delay for at, delay in _delays(home) if at >= begun + min(SETTLE_SECONDS, seconds / 2)]
    p = quantiles(settled, n=100)
    row = {"events": len(settled), "p50 s": p[49], "p95 s": p[94], "longest s": max(settled)}
    return row, list(_by_minute(memory))


@contextmanager
def _following(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    words = [sys.executable, "-m", "lakehouse.cli.main", "stream", "run", "--every", str(EVERY)]
    with (home / "stream-run.log").open("wb") as log:
        job = subprocess.Popen(words, env=_env(home), stdout=log, stderr=log)
        try:
            time.sleep(20)
            yield job
        finally:
            job.terminate()
            if job.wait(timeout=180):
                raise JobError(f"stream run failed: {(home / 'stream-run.log').read_text()[-500:]}")


def _env(home: Path) -> dict[str, str]:
    return {**os.environ, "LAKEHOUSE_HOME": str(home)}


def _by_minute(memory: list[tuple[float, int]]) -> Iterator[Mapping[str, Any]]:
    for minute in range(int(memory[-1][0] // 60) + 1):
        those = [held for at, held in memory if at // 60 == minute]
        if those:
            yield {"minute": minute + 1, "largest MiB": max(those) // 2**20}


def _delays(home: Path) -> Iterator[tuple[float, float]]:
    """Of each event when it was sent, and the seconds until its batch was closed."""
    ends: dict[int, list[tuple[int, int, float]]] = {}
    for row in _asked(home / "ops" / "row_accounting", "topic, offsets, done_at"):
        for number, (first, last) in spans_of(row["topic"], row["offsets"]).ranges.items():
            ends.setdefault(number, []).append((first, last, row["done_at"].timestamp()))
    for number in ends:
        ends[number].sort()
    place = dict.fromkeys(ends, 0)
    messages = _asked(home.joinpath(*MESSAGES.split(".")), '"partition", "offset", "timestamp"')
    for row in sorted(messages, key=lambda one: (one["partition"], one["offset"])):
        spans = ends[row["partition"]]
        while spans[place[row["partition"]]][1] < row["offset"]:
            place[row["partition"]] += 1
        sent = row["timestamp"].timestamp()
        yield sent, spans[place[row["partition"]]][2] - sent


def _asked(table: Path, columns: str) -> list[dict[str, Any]]:
    builder = QueryBuilder().register("t", DeltaTable(str(table)))
    rows: list[dict[str, Any]] = pa.table(builder.execute(f"SELECT {columns} FROM t")).to_pylist()
    return rows
