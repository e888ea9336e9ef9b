"""What is in a lakehouse, read without Spark.

In: the small tables of `ops` and the log of silver. Out: one dictionary, as `lakehouse status --json` prints it.
Guaranteed: nothing is written and nothing is locked; pyspark is not even loaded, which takes longer than all of this.
"""

import os
from collections import Counter
from typing import Any

from lakehouse.bronze import ledger
from lakehouse.bronze.ledger import EXPIRED, LANDED, LANDING, REJECTED, WITHDRAWN, Landing
from lakehouse.bronze.messages import rest_of, topics_of
from lakehouse.gold.release import FACT, Release, newest
from lakehouse.gold.span import span_between
from lakehouse.ops import accounting, runs, tables, withdrawals
from lakehouse.ops.accounting import CSV, DONE, EVENTS, HELD, NOTHING, PREPARED, Accounting
from lakehouse.ops.asking import ask
from lakehouse.publish.ledger import recorded
from lakehouse.runtime.lake import Lake
from lakehouse.silver import SALES
from lakehouse.silver.settle import in_silver

SHOWN_RUNS = 5


def status_of(lake: Lake) -> dict[str, Any]:
    """Files and rows by source, the last runs, and what wants attention."""
    landings, batches = ledger.read(lake), accounting.read(lake, kind=CSV)
    release = newest(lake)
    return {
        "environment": lake.settings.env,
        "home": lake.root,
        "bronze": _bronze(landings, batches),
        "events": _events(lake),
        "silver": _silver(lake),
        "gold": gold_of(lake, release),
        "warehouse": _warehouse(lake, release),
        "runs": _runs(lake),
        "warnings": [*_warnings(landings, batches), *_warnings_of_batches(lake), *_warnings_of_withdrawals(lake)],
    }


def _bronze(landings: list[Landing], batches: list[Accounting]) -> list[dict[str, Any]]:
    """One row a source: files by status; records and the newest as-of of all but those taken back."""
    told = []
    for source in sorted({one.source for one in landings}):
        files = Counter(one.status for one in landings if one.source == source)
        kept = [one for one in landings if one.source == source and one.status != WITHDRAWN]
        done = [one for one in batches if one.source == source and one.status == DONE]
        told.append(
            {
                "source": source,
                "landed": files[LANDED],
                "rejected": files[REJECTED],
                "withdrawn": files[WITHDRAWN],
                "expired": files[EXPIRED],
                "records": sum(one.records or 0 for one in kept),
                "processed": sum(one.rows_in for one in done),
                "quarantined": sum(one.classes["quarantined"] for one in done),
                "newest as-of": max((one.as_of for one in kept), default=None),
            }
        )
    return told


def _events(lake: Lake) -> list[dict[str, Any]]:
    """One row a topic: messages that have landed and are kept, how many are in the books, and kept out."""
    done = accounting.totals(lake, kind=EVENTS, status=DONE)
    return [
        {
            "topic": topic,
            "kept": sum(rest.messages for rest in rest_of(lake, topic, {})),
            "processed": done.get(topic, NOTHING).rows_in,
            "quarantined": done.get(topic, NOTHING).quarantined,
        }
        for topic in topics_of(lake)
    ]


def _silver(lake: Lake) -> list[dict[str, Any]]:
    """One row a source: live lines, deleted ones, the newest sale and the newest statement."""
    return ask(
        lake,
        SALES,
        'SELECT source_system AS source, sum(CASE WHEN is_deleted THEN 0 ELSE 1 END) AS "lines", '
        "sum(CASE WHEN is_deleted THEN 1 ELSE 0 END) AS deleted, "
        'max(ordered_at) AS "newest sale", max(recorded_at) AS "recorded up to" '
        "FROM t GROUP BY source_system ORDER BY source_system",
    )


def gold_of(lake: Lake, release: Release | None) -> list[dict[str, Any]]:
    """The newest release, and whether silver has rows that it does not know; nothing where there is no silver."""
    version = tables.version(lake, SALES)
    if release is None:
        nothing = {"release": None, "facts": None, "completed": None, "silver is ahead": True}
        return [] if version is None else [nothing]
    return [
        {
            "release": release.number,
            "facts": release.row_counts[FACT],
            "completed": release.completed_at,
            "silver is ahead": version is not None and not span_between(lake, release.silver_version, version).empty,
        }
    ]


def _warehouse(lake: Lake, release: Release | None) -> list[dict[str, Any]]:
    """The release last published to the warehouse of the settings, as it was noted here; the warehouse is not asked."""
    row = recorded(lake)
    if row is None:
        return []
    return [
        {
            "place": row["place"],
            "release": row["number"],
            "facts": dict(row["row_counts"] or {}).get(FACT),
            "published": row["published_at"],
            "gold is ahead": release is not None and release.release_id != row["release_id"],
        }
    ]


def _runs(lake: Lake) -> list[dict[str, Any]]:
    rows = sorted(tables.read(lake, runs.TABLE), key=lambda row: row["started_at"], reverse=True)[:SHOWN_RUNS]
    return [
        {
            "started": row["started_at"],
            "command": row["command"],
            "source": row["source"],
            "status": run_status(row),
            "rows in": row["rows_in"],
            "error": row["error"],
        }
        for row in rows
    ]


def run_status(row: dict[str, Any]) -> str:
    """`killed` where a run of this machine says running and its process is gone."""
    *_, host, process, _ = row["run_id"].split("-")
    if row["status"] == "running" and host == os.uname().nodename.rpartition("-")[2] and not _alive(int(process)):
        return "killed"
    return str(row["status"])


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _warnings(landings: list[Landing], batches: list[Accounting]) -> list[str]:
    """What a next run would complete."""
    told = []
    begun = {one.landing_id for one in batches if one.status in (DONE, HELD)}
    pending = [one for one in landings if one.status == LANDED and one.landing_id not in begun]
    unfinished = [one for one in landings if one.status == LANDING]
    if pending:
        told.append(f"{len(pending)} landed file(s) are not in silver yet: lakehouse run --source {pending[0].source}")
    if unfinished:
        told.append(f"{len(unfinished)} landing(s) were interrupted: land the file(s) again: {unfinished[0].file_name}")
    return told


def _warnings_of_batches(lake: Lake) -> list[str]:
    """Of those of files and of messages: what a next run would complete, and what waits for a decision."""
    held = accounting.read(lake, status=HELD)
    told = [f"a batch of {one.source} is held ({one.reason}): lakehouse accept {one.batch_id}" for one in held]
    interrupted = accounting.read(lake, status=PREPARED)
    return [*(["a batch was interrupted: any lakehouse run completes it"] if interrupted else []), *told]


def _warnings_of_withdrawals(lake: Lake) -> list[str]:
    """Of those that were begun: what silver has is completed by whoever comes next, else it must be asked for anew."""
    told = []
    for one in withdrawals.read(lake, status=PREPARED):
        if in_silver(lake, one):
            told.append("a withdrawal was interrupted: any lakehouse run completes it")
        else:
            told.append("a withdrawal was interrupted before it changed anything: say lakehouse withdraw once more")
    return told
