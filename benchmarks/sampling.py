"""Sampling a process tree: Python, the JVM it starts, and the workers those start.

In: a process under way. Out: its memory and CPU time every 50 ms. Guaranteed: memory is the sum of resident
sets, so that pages shared between workers count once for each: an upper bound of what is really held.
"""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A process and all that it started, at one moment."""

    at: float
    resident: int
    cpu_seconds: float


def samples_of(process: subprocess.Popen[bytes]) -> Iterator[Sample]:
    """Samples until the process has ended; the CPU time of one that ended in between counts as it was last seen."""
    root = psutil.Process(process.pid)
    spent: dict[int, float] = {}
    while process.poll() is None:
        yield _sample(root, spent)
        time.sleep(SAMPLE_SECONDS)


def resident_of(process: subprocess.Popen[bytes]) -> int:
    """Bytes that a process and all that it started hold now; 0 where it has ended."""
    try:
        return _sample(psutil.Process(process.pid), {}).resident
    except psutil.NoSuchProcess:
        return 0


def _sample(root: psutil.Process, spent: dict[int, float]) -> Sample:
    """A sample now; `spent` has the CPU time of each process as it was last seen."""
    at, resident = time.time(), 0
    for member in _family(root):
        try:
            resident += member.memory_info().rss
            times = member.cpu_times()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # it has ended since it was listed
        spent[member.pid] = times.user + times.system
    return Sample(at=at, resident=resident, cpu_seconds=sum(spent.values()))


def _family(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
