"""How far events are: in Kafka, in bronze, in silver; how fresh gold is, and how the jobs fare.

In: the brokers, the table of messages, the books, the log of runs. Out: one dictionary, as `lakehouse stream status
--json` prints it. Guaranteed: nothing is written and nothing is locked, and Spark is not started; what has landed of
another topic of the same name is told as such.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehouse.bronze.messages import landed_since, last_landed, rest_of
from lakehouse.care.status import gold_of, run_status
from lakehouse.errors import JobError
from lakehouse.gold.release import newest
from lakehouse.ops import accounting, runs, tables
from lakehouse.ops.accounting import DONE, EVENTS, NOTHING
from lakehouse.ops.tables import Row
from lakehouse.runtime.lake import Lake
from lakehouse.silver.messages import processed
from lakehouse.streams.bronze.positions import Positions, positions_of
from lakehouse.streams.bronze.start import start_at
from lakehouse.streams.lag import lags_of
from lakehouse.streams.topic_offsets import TopicOffsets, offsets_of

MINUTES = (1, 10)
"""Over these the rates are told."""

JOBS = (runs.STREAM, runs.STREAM_SILVER, runs.STREAM_RUN)


def stream_status_of(lake: Lake, topic: str) -> dict[str, Any]:
    """Partitions with their lag, silver's, the last batch, rates, the last run and the last error.

    Raises:
        UsageError: there is no such topic, or no broker is known.
        JobError: the brokers do not answer, or refuse.
    """
    there, landed = offsets_of(lake.settings, topic), positions_of(lake, topic)
    lags = lags_of(lake.settings, there, landed.next_offsets)
    now = datetime.now(UTC)
    jobs = _runs(lake, topic)
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
        "refusal": _refusal(there, landed),
        "last_batch": _last_batch(lake, topic),
        "events_per_second": {f"{minutes} min": _rate(lake, topic, now, minutes) for minutes in MINUTES},
        "silver": _silver(lake, topic, now),
        "gold": next(iter(gold_of(lake, newest(lake))), None),
        "run": _told(jobs[0]) if jobs else None,
        "last_error": next((_told(one) for one in jobs if one["error"]), None),
    }


def _refusal(there: TopicOffsets, landed: Positions) -> str | None:
    """Why the job to bronze would not begin, where it would not."""
    try:
        start_at(there, landed, skip_lost=False)
    except JobError as error:
        return str(error)
    return None


def _last_batch(lake: Lake, topic: str) -> Row | None:
    at = last_landed(lake, topic)
    return None if at is None else {"at": at, "rows": landed_since(lake, topic, at)}


def _rate(lake: Lake, topic: str, now: datetime, minutes: int) -> float:
    """Events a second that landed within the last minutes."""
    return round(landed_since(lake, topic, now - timedelta(minutes=minutes)) / (60 * minutes), 1)


def _silver(lake: Lake, topic: str, now: datetime) -> dict[str, Any]:
    """What silver knows of what has landed, and how far it is behind."""
    rest = rest_of(lake, topic, processed(lake, topic))
    done = accounting.totals(lake, kind=EVENTS, topic=topic, status=DONE).get(topic, NOTHING)
    oldest = min((one.since for one in rest), default=now)
    return {
        "processed": done.rows_in,
        "quarantined": done.quarantined,
        "behind": sum(one.messages for one in rest),
        "seconds": round(max(0.0, (now - oldest).total_seconds()), 1),
        "last_batch": done.done_at,
    }


def _runs(lake: Lake, topic: str) -> Sequence[Row]:
    found = [one for command in JOBS for one in tables.read(lake, runs.TABLE, command=command, source=topic)]
    return sorted(found, key=lambda row: row["started_at"], reverse=True)


def _told(row: Row) -> Row:
    told = {"started": row["started_at"], "ended": row["ended_at"], "status": run_status(row), "error": row["error"]}
    return {"command": row["command"], **told}
