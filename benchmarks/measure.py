"""Measuring a process from outside: its time by stage, its jobs, its commits, and the memory of all it starts.

In: a plan for `benchmarks.child`. Out: a `Step` for each of its steps. Guaranteed: time runs from before the
process is started to after it has ended; memory is the sum of the resident sets of the whole process tree.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.child import STAGED
from benchmarks.sampling import Sample, samples_of
from lakehouse.errors import JobError

STAGE_ENDED_BY = {
    "said-bronze": "start",
    "landing-begun": "land",
    "ledger-landing": "land",
    "object-put": "land",
    "ledger-landed": "land",
    "batch-begun": "session",
    "staged": "stage",
    "tallied": "tally",
    "classified": "classify",
    "quarantined": "quarantine",
    "prepared": "accounting",
    "merged": "merge",
    "compared": "accounting",
    "done": "accounting",
    "gold-begun": "gold begin",
    "gold-staged-lines": "gold lines",
    "gold-staged-touched": "gold facts",
    "gold-staged-fact-sales": "gold facts",
    "gold-dim-customer": "gold tables",
    "gold-dim-product": "gold tables",
    "gold-dim-store": "gold tables",
    "gold-dim-date": "gold tables",
    "gold-fact-sales": "gold tables",
    "gold-before-release": "gold tables",
    "gold-after-release": "gold release",
    "publish-begun": "open",
    "publish-exported": "export",
    "publish-staged": "upload",
    "publish-loaded": "load",
    "publish-reconciled": "reconcile",
    "publish-committed": "commit",
    "publish-done": "report",
    "feed-begun": "start",
    "end": "report",
    "exit": "exit",
    "peer-begun": "start",
    "peer-read": "read",
    "peer-staged": "stage",
    "peer-tallied": "tally",
    "peer-merged": "merge",
    "peer-quarantined": "quarantine",
    "peer-gold-dimensions": "gold dimensions",
    "peer-gold-tables": "gold tables",
}
"""A mark → the stage whose time ends there; of a batch after the first, `session` is the way to its begin."""


def stage_of(point: str) -> str:
    """The stage that ends at a mark; an intermediate result of gold that is not named is of the dimensions.

    Raises:
        JobError: no stage does.
    """
    stage = STAGE_ENDED_BY.get(point, "gold dimensions" if point.startswith(STAGED) else None)
    if stage is None:
        raise JobError(f"no stage ends at {point!r}: name one in {__name__}.STAGE_ENDED_BY")
    return stage


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one step of a process cost.

    Attributes:
        outcome: what it printed as JSON, or the peer's counts.
        seconds: by stage, in the order in which they first ended.
        jobs: Spark jobs by stage.
        cpu_seconds: of all its processes: what it costs whatever else the machine does.
        peak_bytes: the greatest sum of resident sets while it ran.
    """

    outcome: Any
    seconds: Mapping[str, float]
    jobs: Mapping[str, int]
    cpu_seconds: float
    peak_bytes: int

    @property
    def total(self) -> float:
        """All stages, in seconds."""
        return sum(self.seconds.values())

    @property
    def before_gold(self) -> float:
        """From the start to silver's last word, in seconds: the stages that end before the first one of gold."""
        stages = list(self.seconds)
        first = next((place for place, stage in enumerate(stages) if stage.startswith("gold ")), len(stages))
        return sum(self.seconds[stage] for stage in stages[:first])


def run_steps(plan: Sequence[Mapping[str, Any]], folder: Path) -> list[Step]:
    """Run the steps one after the other in one new process.

    The first step's time begins with the process, and the process's end is part of it too: it is the cold one.

    Raises:
        JobError: the process failed; the sentence has what it said last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = plan_file, result, log = folder / "plan.json", folder / "result.json", folder / "log.txt"
    plan_file.write_text(json.dumps(plan))
    command = [sys.executable, "-m", "benchmarks.child", *map(str, paths[:2])]
    begun = time.time()
    with log.open("w") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        samples = list(samples_of(process))
    ended = time.time()
    if process.returncode:
        raise JobError(f"a measured process failed: {log.read_text()[-1500:]}")
    done = json.loads(result.read_text())
    exited = {"point": "exit", "at": ended - done[-1]["marks"][-1]["at"] + done[0]["marks"][-1]["at"]}
    done[0]["marks"].append({**exited, "jobs": done[0]["marks"][-1]["jobs"]})
    done[0]["begun"] = begun
    jobs_before = [0, *(step["marks"][-1]["jobs"] for step in done)]
    return [_step(step, before, samples) for step, before in zip(done, jobs_before, strict=False)]


def _step(step: Mapping[str, Any], jobs_before: int, samples: Sequence[Sample]) -> Step:
    seconds, jobs = by_stage(step["marks"], step["begun"], jobs_before)
    end = next(mark["at"] for mark in step["marks"] if mark["point"] == "end")
    before = max((s.cpu_seconds for s in samples if s.at < step["begun"]), default=0.0)
    during = [s for s in samples if step["begun"] <= s.at <= end] or [Sample(at=end, resident=0, cpu_seconds=before)]
    return Step(
        outcome=step["outcome"],
        seconds=seconds,
        jobs=jobs,
        cpu_seconds=during[-1].cpu_seconds - before,
        peak_bytes=max(s.resident for s in during),
    )


def by_stage(
    marks: Iterable[Mapping[str, Any]], begun: float, jobs_before: int = 0
) -> tuple[dict[str, float], dict[str, int]]:
    """Seconds and jobs between marks, each span under the stage that its later mark ends."""
    seconds: dict[str, float] = {}
    jobs: dict[str, int] = {}
    for mark in marks:
        stage = stage_of(mark["point"])
        seconds[stage] = seconds.get(stage, 0.0) + mark["at"] - begun
        jobs[stage] = jobs.get(stage, 0) + mark["jobs"] - jobs_before
        begun, jobs_before = mark["at"], mark["jobs"]
    return seconds, jobs


def commits(home: Path) -> dict[str, int]:
    """Commits of each Delta table below a folder, by `<layer>.<table>`."""
    counts: dict[str, int] = {}
    for commit in home.glob("*/*/_delta_log/*.json"):
        if commit.stem.isdigit():
            table = commit.parent.parent
            name = f"{table.parent.name}.{table.name}"
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))
