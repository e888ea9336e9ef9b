"""How far events are: what the topic holds, what has landed of it, and how the job fares; read without Spark.

In: the brokers, the table of events with its log, the log of runs. Out: one dictionary, as `lakehouse stream status
--json` prints it. Guaranteed: nothing is written and nothing is locked.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lakehouse.care.status import run_status
from lakehouse.ops import runs, tables
from lakehouse.ops.tables import Row
from lakehouse.runtime.lake import Lake
from lakehouse.streams.bronze import EVENTS
from lakehouse.streams.bronze.positions import positions_of
from lakehouse.streams.lag import lags_of
from lakehouse.streams.topic_offsets import offsets_of

COMMITS = 200
"""So many commits back at most the batches are looked at."""

MINUTES = (1, 10)
"""Over these the rates are told."""


def stream_status_of(lake: Lake, topic: str) -> dict[str, Any]:
    """Partitions with their lag, the last batch, rates, the last run and the last error.

    Raises:
        UsageError: there is no such topic, or no broker is known.
        JobError: the brokers do not answer, or refuse.
    """
    there = offsets_of(lake.settings, topic)
    lags = lags_of(lake.settings, there, positions_of(lake, topic).next_offsets)
    now = datetime.now(UTC)
    batches, jobs = _batches(lake), _runs(lake, topic)
    return {
        "topic": topic,
        "partitions": [
            {
                "partition": lag.partition,
                "end": lag.end,
                "landed": lag.landed,
                "behind": lag.records,
                "exact": lag.exact,
                "seconds": round(lag.seconds(now), 1),
            }
            for lag in lags
        ],
        "behind": sum(lag.records for lag in lags),
        "seconds": round(max((lag.seconds(now) for lag in lags), default=0.0), 1),
        "last_batch": batches[0] if batches else None,
        "events_per_second": {f"{minutes} min": _rate(batches, now, minutes * 60) for minutes in MINUTES},
        "run": _told(jobs[0]) if jobs else None,
        "last_error": next((_told(one) for one in jobs if one["error"]), None),
    }


def _batches(lake: Lake) -> list[Row]:
    """The last commits that brought events, newest first."""
    newest = tables.version(lake, EVENTS)
    commits = tables.history(lake, EVENTS, max(newest - COMMITS, -1)) if newest is not None else []
    return [
        {
            "batch": commit["userMetadata"],
            "at": datetime.fromtimestamp(commit["timestamp"] / 1000, UTC),
            "rows": int(commit["operationMetrics"]["numOutputRows"]),
        }
        for commit in commits
        if commit["operation"] == "WRITE" and commit.get("userMetadata")
    ]


def _rate(batches: Sequence[Row], now: datetime, seconds: int) -> float:
    """Events a second that landed within the last so many; of the batches that are looked at."""
    rows: int = sum(one["rows"] for one in batches if (now - one["at"]).total_seconds() <= seconds)
    return round(rows / seconds, 1)


def _runs(lake: Lake, topic: str) -> list[Row]:
    found = tables.read(lake, runs.TABLE, command=runs.STREAM, source=topic)
    return sorted(found, key=lambda row: row["started_at"], reverse=True)


def _told(row: Row) -> Row:
    return {"started": row["started_at"], "ended": row["ended_at"], "status": run_status(row), "error": row["error"]}
