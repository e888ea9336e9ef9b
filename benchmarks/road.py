"""The bench of the road: one CSV file of invoices to gold, cold and warm, beside the peer.

In: Online Retail, or what stands for it. Out: time, Spark jobs, commits and memory, stage by stage. Guaranteed:
both sides made the same of it: the same classes, the same silver by key and content hash, the same gold by every
column.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.compare import digest_of, fingerprint, gold_tables, refuse_differences
from benchmarks.invoices import ROWS, invoices
from benchmarks.measure import Step, commits, run_steps
from benchmarks.report import Report, Table, megabytes

AS_OF = "2012-01-01T00:00:00"
CLASSES = ("rows_in", "inserted", "duplicate", "quarantined")


def bench(folder: Path, small: bool) -> Report:
    """Run both sides, each in a process of its own, and compare.

    Raises:
        JobError: they did not make the same of the file.
    """
    csv = folder / "invoices.csv"
    what = invoices(csv, 20_000 if small else ROWS)
    homes = {f"{who} {when}": folder / who / when for who in ("lakehouse", "peer") for when in ("cold", "warm")}
    steps: dict[str, Step] = {}
    for who in ("lakehouse", "peer"):
        plan = [_step(who, home, csv) for name, home in homes.items() if name.startswith(who)]
        cold, warm = run_steps(plan, folder / f"{who}-process")
        steps |= {f"{who} cold": cold, f"{who} warm": warm}
    rows = _same_everywhere(steps, homes)
    told = ", ".join(f"{n:,} {name}" for name, n in classes(steps["lakehouse cold"].outcome).items())
    held = ", ".join(f"{n} in {name}" for name, n in rows.items())
    notes = [
        f"{what}: {told}; both sides made the same rows of it, silver's by key and content hash.",
        f"gold is the same in every column, surrogate keys included: {held}.",
    ]
    tables = [_summary(steps, homes), _stages(steps), _commits(homes)]
    return Report(bench="road", tables=tables, notes=notes)


def _step(who: str, home: Path, csv: Path) -> dict[str, Any]:
    home.mkdir(parents=True)
    arguments = ["run", "--to", "gold", "--source", "online_retail", "--as-of", f"{AS_OF}Z", str(csv)]
    return {"who": who, "home": str(home), "csv": str(csv), "as_of": AS_OF, "arguments": arguments}


def classes(outcome: Any) -> dict[str, int]:
    """Rows by class, from the command's document or from the peer's counts."""
    counted = outcome["batches"][0] if "batches" in outcome else outcome
    return {name: counted.get(name, 0) for name in CLASSES}


def _same_everywhere(steps: dict[str, Step], homes: dict[str, Path]) -> dict[str, str]:
    """Refuse any difference between the runs; the row count of each table of gold.

    What the product recorded of its release must be what is in its files, too.
    """
    refuse_differences("classes", {name: classes(step.outcome) for name, step in steps.items()})
    refuse_differences("silver", {name: fingerprint(home / "silver" / "sales") for name, home in homes.items()})
    rows = {}
    for name, table in gold_tables().items():
        digests = {run: digest_of(home, table) for run, home in homes.items()}
        recorded = steps["lakehouse cold"].outcome["release"]["digests"][name]
        refuse_differences(name, {**digests, "recorded of the release": recorded})
        rows[name] = f"{int(recorded.partition('-')[0]):,}"
    return rows


def _summary(steps: dict[str, Step], homes: dict[str, Path]) -> Table:
    def row(name: str, step: Step) -> dict[str, Any]:
        beside = steps[name.replace("lakehouse", "peer")]
        return {
            "run": name,
            "seconds": step.total,
            "till silver s": step.before_gold,
            "CPU seconds": step.cpu_seconds,
            "times the peer": step.total / beside.total,
            "till silver": step.before_gold / beside.before_gold,
            "Spark jobs": sum(step.jobs.values()),
            "commits": sum(commits(homes[name]).values()),
            "peak MiB": megabytes(step.peak_bytes),
        }

    return Table(title="CSV to gold", rows=[row(name, step) for name, step in steps.items()])


def _stages(steps: dict[str, Step]) -> Table:
    """Seconds of every run by stage, side by side, and the Spark jobs of the cold one."""
    stages = dict.fromkeys(stage for step in steps.values() for stage in step.seconds)
    jobs = steps["lakehouse cold"].jobs
    rows = [
        {
            "stage": stage,
            **{f"{name} s": step.seconds.get(stage) for name, step in steps.items()},
            "jobs": jobs.get(stage),
        }
        for stage in stages
    ]
    return Table(title="Stages", rows=rows)


def _commits(homes: dict[str, Path]) -> Table:
    by_run = {name: commits(home) for name, home in homes.items() if "cold" in name}
    names: Sequence[str] = sorted({table for counts in by_run.values() for table in counts})
    rows = [{"table": t, **{run: counts.get(t, 0) for run, counts in by_run.items()}} for t in names]
    return Table(title="Commits by table", rows=rows)
