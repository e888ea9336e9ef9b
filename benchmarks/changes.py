"""The bench of what changed: the ids of batches beside Delta's change data feed.

In: a made-up history in two lakehouses, one with the feed, and three increments into both. Out: what it takes to
find the changed lines each way, and what the feed adds to the MERGE. Guaranteed: both ways found the same lines, the
same before and after; one session for all, and the two lakehouses take turns in who is first.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from deltalake import DeltaTable

from benchmarks.compare import refuse_differences
from benchmarks.increment import FILE_ROWS, ROUNDS, ROWS, history_of, increment_of, step_to
from benchmarks.measure import Step, run_steps
from benchmarks.report import Report, Table, kilobytes
from lakehouse.errors import JobError

WITHOUT, WITH = "without the feed", "with the feed"
METRICS = {
    "numTargetFilesAdded": "files added",
    "numTargetBytesAdded": "KiB added",
    "numTargetChangeFilesAdded": "change files",
    "changeBytes": "change KiB",
}
"""A metric of Delta's MERGE → the column that shows it; the bytes of change files are counted in the log."""


def bench(folder: Path, small: bool) -> Report:
    """Load the history, copy it, bring the increments into both, and compare after each.

    Raises:
        JobError: a step failed, or the two ways did not find the same, or not what the increment holds.
    """
    size = 20_000 if small else 500_000
    homes = {WITHOUT: folder / "without", WITH: folder / "with"}
    csv = folder / "csv"
    plan = [step_to("silver", homes[WITHOUT], *history_of(csv, size, FILE_ROWS)), _feed(homes, "copy", 0)]
    for number in range(1, ROUNDS + 1):
        file = increment_of(csv, size, number)
        turns = list(homes.values())[:: 1 if number % 2 else -1]
        plan += [*(step_to("silver", home, *file) for home in turns), _feed(homes, "compare", 1)]
    plan.append(_feed(homes, "compare", ROUNDS))
    steps = run_steps(plan, folder / "process")
    found = [step.outcome for step, done in zip(steps, plan, strict=True) if done.get("do") == "compare"]
    for outcome in found:
        refuse_differences("what changed", {way: one["found"] for way, one in outcome.items()})
    *single, whole = found
    _refuse_other_counts(single)
    ran = {
        who: [s for s, done in list(zip(steps, plan, strict=True))[1:] if _is_run_of(done, home)]
        for who, home in homes.items()
    }
    return Report(
        bench="changes",
        tables=[
            Table(
                title=f"What {ROWS:,} rows changed in {size:,}",
                rows=[_way(way, [f[way] for f in single], whole[way]) for way in whole],
            ),
            Table(title="What the feed costs", rows=[_cost(who, homes[who], ran[who]) for who in homes]),
        ],
        notes=["both ways found the same lines, the same before and after"],
    )


def _feed(homes: Mapping[str, Path], what: str, span: int) -> dict[str, Any]:
    return {"who": "feed", "do": what, "home": str(homes[WITHOUT]), "other": str(homes[WITH]), "span": span}


def _is_run_of(done: Mapping[str, Any], home: Path) -> bool:
    return bool(done["who"] == "lakehouse" and done["home"] == str(home))


def _refuse_other_counts(found: Sequence[Mapping[str, Any]]) -> None:
    """As many lines changed as an increment has."""
    counts = [one["found"][0] for outcome in found for one in outcome.values()]
    if {*counts} != {ROWS}:
        raise JobError(f"an increment of {ROWS:,} rows changed other numbers of lines: {counts}")


def _way(way: str, single: Sequence[Mapping[str, Any]], whole: Mapping[str, Any]) -> dict[str, Any]:
    """One way to find the changes; the first time warms up."""
    return {
        "found": way,
        **{f"increment {number} s": one["seconds"] for number, one in enumerate(single, 1)},
        "median s": median(one["seconds"] for one in single),
        "Spark jobs": round(median(one["jobs"] for one in single)),
        "KiB read": kilobytes(round(median(one["bytes read"] for one in single))),
        f"all {len(single)} at once s": whole["seconds"],
        "of all, KiB read": kilobytes(whole["bytes read"]),
    }


def _cost(who: str, home: Path, ran: Sequence[Step]) -> dict[str, Any]:
    """What the MERGEs of the increments took and wrote, in the median."""
    silver = home / "silver" / "sales"
    metrics = [metrics_of(silver, step.outcome["batches"][0]["batch_id"]) for step in ran]
    return {
        "silver": who,
        "run s": median(step.total for step in ran),
        "merge s": median(step.seconds["merge"] for step in ran),
        **{column: _middle(metrics, name) for name, column in METRICS.items()},
    }


def metrics_of(table: Path, commit_id: str) -> dict[str, int]:
    """Delta's metrics of the commit that carries an id, and `changeBytes`, the size of its change files."""
    (commit,) = (one for one in DeltaTable(str(table)).history() if one.get("userMetadata") == commit_id)
    actions = (table / "_delta_log" / f"{commit['version']:020}.json").read_text(encoding="utf-8").splitlines()
    change_bytes = sum(json.loads(action).get("cdc", {}).get("size", 0) for action in actions)
    told = {name: int(commit["operationMetrics"].get(name, 0)) for name in METRICS}
    return {**told, "changeBytes": change_bytes}


def _middle(metrics: Sequence[Mapping[str, int]], name: str) -> int:
    middle = round(median(one[name] for one in metrics))
    return kilobytes(middle) if "Bytes" in name else middle
