"""The bench of the stream: how quickly events are produced, and how quickly a topic is drained into bronze.

In: made-up events, a broker of this machine. Out: events a second. Guaranteed: what the producer says is committed is
what landed, event for event; the topic is drained whole, by one process, from before it starts until it has ended.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.report import Report, Table
from lakehouse.errors import JobError
from lakehouse.streams import broker

EVENTS, FEW = 200_000, 5_000
PARTITIONS = 4


def bench(folder: Path, small: bool) -> Report:
    """Fill a topic, and drain it.

    Raises:
        JobError: a command failed, or other events landed than were committed.
    """
    home = folder / "home"
    broker.start(str(home))
    try:
        return _measured(home, FEW if small else EVENTS)
    finally:
        broker.stop(str(home))


def _measured(home: Path, events: int) -> Report:
    sizes = ["--events", str(events), "--partitions", str(PARTITIONS), "--transaction-size", "1000"]
    produced, produced_in = command(home, "produce", *sizes)
    landed, landed_in = command(home, "stream", "bronze", "--once")
    if landed["rows"] != produced["committed"]:
        raise JobError(f"{landed['rows']} event(s) landed, but {produced['committed']} were committed")
    rows = [
        rate_row("produce", produced["committed"], produced["seconds"], produced_in),
        rate_row("stream bronze --once", landed["rows"], landed["seconds"], landed_in),
    ]
    files = [file.stat().st_size for file in (home / "bronze" / "sales_events").rglob("*.parquet")]
    notes = [
        f"{PARTITIONS} partitions, {landed['batches']} batch(es), {len(files)} file(s) of {sum(files):,} bytes",
        "aim: 50,000 events a second drained",
    ]
    return Report(bench="stream", tables=[Table(title="Events", rows=rows)], notes=notes)


def rate_row(command: str, events: int, seconds: float, whole: float) -> Mapping[str, Any]:
    """A command's rate while it works, and over the whole of its process."""
    return {
        "command": command,
        "events": events,
        "working s": seconds,
        "events a second": events / seconds,
        "whole s": whole,
    }


def command(home: Path, *arguments: str) -> tuple[Any, float]:
    """What a command of the product prints as JSON, and how long its process took."""
    words = [sys.executable, "-m", "lakehouse.cli.main", *arguments, "--json"]
    begun = time.perf_counter()
    done = subprocess.run(
        words, env={**os.environ, "LAKEHOUSE_HOME": str(home)}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise JobError(f"{' '.join(arguments)} failed: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout), time.perf_counter() - begun
