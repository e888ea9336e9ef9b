"""The bench of the answer: how long `lakehouse --help` takes, beside Python doing nothing.

In: the interpreter. Out: medians of seven. Guaranteed: the two alternate.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.report import Report, Table

TIMES = 7
COMMANDS = {
    "lakehouse --help": [sys.executable, "-m", "lakehouse.cli.main", "--help"],
    "python -c pass": [sys.executable, "-c", "pass"],
}


def bench(folder: Path, small: bool) -> Report:
    """Time both commands in turn; folder and size do not matter."""
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(TIMES):
        for name, command in COMMANDS.items():
            took[name].append(_seconds(command))
    rows = [{"command": name, "median s": median(each), "least s": min(each)} for name, each in took.items()]
    return Report(bench="help", tables=[Table(title="Time to an answer", rows=rows)], notes=["aim: under 0.4 s"])


def _seconds(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun
