"""Whole days of landed events, taken out of the table after their retention; without Spark.

In: an age. Out: the days, and the table without them. Guaranteed: only days go whose messages all are in silver; up to
where each topic has landed is written down before, so that it is known without them; no file is written anew, and who
reads an older version finds its files for as long as the table keeps removed ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
from deltalake.exceptions import TableNotFoundError

from lakehouse.bronze.messages import first_day_without, topics_of
from lakehouse.ops import tables
from lakehouse.ops.opening import opened
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.refused import in_our_words
from lakehouse.runtime.storage import Say
from lakehouse.silver.messages import processed_for_good
from lakehouse.streams.bronze import EVENTS
from lakehouse.streams.bronze.positions import TABLE, floors_of, positions_of, write_floors


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A landing day: how many events it brought, and in how many bytes."""

    landing_day: date
    events: int
    bytes: int


def expirable(lake: Lake, before: date) -> list[Day]:
    """The days before one that may go, oldest first."""
    topics, floors = topics_of(lake), tables.read(lake, TABLE, ["topic"])
    if not {floor["topic"] for floor in floors} >= set(topics):
        return []  # of a topic that no job of ours has landed nobody knows which one it was
    last = min(before, datetime.now(UTC).date(), *_first_days_not_in_silver(lake, topics))
    return [day for day in _days(lake) if day.landing_day < last]


def _first_days_not_in_silver(lake: Lake, topics: Sequence[str]) -> list[date]:
    """By topic the first day with a message that silver does not know, or of a batch that a gate holds."""
    days = (first_day_without(lake, topic, processed_for_good(lake, topic)) for topic in topics)
    return [day for day in days if day is not None]


def expire(lake: Lake, before: date, *, wait: bool = True, say: Say = lambda _: None) -> list[Day]:
    """Take the days before one out of the table, in one commit; and remove files that were taken out long ago.

    Raises:
        JobError: another process is landing events, and `wait` is false; or the store refuses.
    """
    with lake.lease(EVENTS, wait=wait, say=say) as held:
        days = expirable(lake, before)
        if days:
            _move_floors(lake, days[-1].landing_day + timedelta(days=1))
            there = opened(lake, EVENTS)
            held.check()
            with in_our_words(lake.store, lake.location(EVENTS)):
                there.delete(f"landing_day <= DATE '{days[-1].landing_day.isoformat()}'")
                held.check()
                there.vacuum(dry_run=False)  # after the table's own retention of removed files, not sooner
    return days


def _move_floors(lake: Lake, day: date) -> None:
    """Where a topic has not landed since a day, say as of that day up to where it has."""
    for topic in {row["topic"] for row in tables.read(lake, TABLE) if row["as_of_day"] < day}:
        there = positions_of(lake, topic)
        if there.topic_id is not None:
            write_floors(lake, floors_of(topic, there.topic_id, there.next_offsets, day))


def _days(lake: Lake) -> list[Day]:
    """The days there are, from Delta's log alone."""
    try:
        added = pa.table(opened(lake, EVENTS).get_add_actions(flatten=True))
    except TableNotFoundError:
        return []
    found: dict[date, Day] = {}
    names = ("partition.landing_day", "num_records", "size_bytes")
    for day, events, size in zip(*(added[name].to_pylist() for name in names), strict=True):
        before = found.get(day, Day(landing_day=day, events=0, bytes=0))
        found[day] = Day(landing_day=day, events=before.events + (events or 0), bytes=before.bytes + size)
    return [found[day] for day in sorted(found)]
