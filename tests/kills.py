"""Killing the product and looking at what is left: processes of the command line, and the state of a lakehouse.

A home and arguments flow in; processes and plain Python values flow out. State is read without Spark and holds
every table but the log of runs, without the columns that tell when something was done.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import QueryBuilder
from deltalake.exceptions import TableNotFoundError

from lakehouse import road
from lakehouse.care.verify import findings
from lakehouse.ops.opening import opened
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import UNFINISHED

ROOT = Path(__file__).resolve().parent.parent
TABLES = ("ops.landed_files", "ops.quarantine", "ops.row_accounting", "silver.sales")
UPLOADS = re.compile(r"s3a/s3ablock-.*\.tmp")
TIMES = {"landed_at", "quarantined_at", "prepared_at", "done_at"}
DAY_OF_LANDING = re.compile(r"year=\d+/month=\d+/day=\d+")
PATIENCE = 400.0
"""Seconds that a cold run may take on a busy machine."""

State = dict[str, list[dict[str, Any]]]


class Killed(BaseException):
    """What stands for SIGKILL inside this process: nothing in the product catches it."""


def raising(point: str) -> Callable[[str], None]:
    """Ends this process's work, but not the process, where the point is reached."""

    def reached(name: str) -> None:
        if name == point:
            raise Killed

    return reached


def environment(home: Path, **variables: str) -> dict[str, str]:
    """The environment of a process that works on this lakehouse, free of what a shell may have set."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LAKEHOUSE_KILL")}
    return inherited | {"LAKEHOUSE_HOME": str(home), "PYTHONPATH": str(ROOT), **variables}


@contextmanager
def command(home: Path, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A running `lakehouse` command; killed at the end where it still runs."""
    started = subprocess.Popen(
        [sys.executable, "-m", "lakehouse.cli.main", *arguments],
        env=environment(home, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def ended(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A `lakehouse` command, run to its end."""
    with command(home, *arguments, **variables) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def run(*files: Path, to: road.Stage = "silver") -> list[str]:
    """`lakehouse run` in this process, on the home that LAKEHOUSE_HOME names; what it says."""
    said: list[str] = []
    travelled = road.travel("local", "superstore", [str(file) for file in files], to=to, say=said.append)
    assert travelled.ok
    return said


def state(lake: Lake) -> State:
    """The rows of every table, in an order of their own; the day of landing in paths is left out."""
    return {table: _rows(lake, table) for table in TABLES}


def _rows(lake: Lake, table: str) -> list[dict[str, Any]]:
    try:
        there = opened(lake, table)
    except TableNotFoundError:
        return []
    found = pa.table(QueryBuilder().register("t", there).execute("SELECT * FROM t")).to_pylist()
    rows = [{name: _plain(value) for name, value in row.items() if name not in TIMES} for row in found]
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True, default=str))


def _plain(value: Any) -> Any:
    return DAY_OF_LANDING.sub("day", value) if isinstance(value, str) else value


def leftovers(lake: Lake) -> list[str]:
    """What a finished run must not leave: staged rows and half-written objects.

    What a JVM that was killed was uploading stays for a day.
    """
    staging = [
        path for path, _ in lake.scratch.objects_below(f"{lake.scratch.root}/staging") if not UPLOADS.match(path)
    ]
    bronze = [path for path, _ in lake.store.objects_below(lake.object("bronze"))]
    return staging + [path for path in bronze if UNFINISHED in path]


def holds(spark: Any, lake: Lake, never_killed: State) -> None:
    """What must be true after one more run: the state, every promise, and nothing left behind."""
    found = state(lake)
    for table, rows in never_killed.items():
        assert found[table] == rows, table
    assert [one for one in findings(lambda: spark, lake, rebuild=False) if not one.ok] == []
    assert leftovers(lake) == [], leftovers(lake)


def recorded_jvm(home: Path, table: str = "silver.sales") -> int | None:
    """The JVM that the owner of a lease has recorded."""
    told = (home / "leases" / f"{table}.lock").read_text() or "{}"
    jvm: int | None = json.loads(told).get("jvm")
    return jvm


@contextmanager
def held_up(process: int | None, seconds: float = 5.0) -> Iterator[None]:
    """Stop a process that a killed one left behind, and let it go on later: however busy the machine, it is met."""
    assert process is not None
    assert lives(process), "the JVM of the killed process is gone: nothing is proven about those that are not"
    os.kill(process, signal.SIGSTOP)
    later = threading.Timer(seconds, os.kill, (process, signal.SIGCONT))
    later.start()
    try:
        yield
    finally:
        later.join()


def lives(process: int | None) -> bool:
    """Whether a process is there and not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
