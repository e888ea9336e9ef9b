"""Whole days of landed events, taken out of the table after their retention; without Spark.

In: an age. Out: the days, and the table without them. Guaranteed: only days go that every topic's floor has passed, so
that up to where it has landed is known without them, and whose messages all are in silver; no file is written anew, and
who reads an older version finds its files for as long as the table keeps removed ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from deltalake.exceptions import TableNotFoundError

from lakehouse.bronze.messages import first_day_without, topics_of
from lakehouse.ops import tables
from lakehouse.ops.refused import in_our_words
from lakehouse.runtime.lake import Lake
from lakehouse.silver.messages import processed_for_good
from lakehouse.streams.bronze import EVENTS
from lakehouse.streams.bronze.positions import TABLE


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A landing day: how many events it brought, and in how many bytes."""

    landing_day: date
    events: int
    bytes: int


def expirable(lake: Lake, before: date) -> list[Day]:
    """The days before one that may go, oldest first."""
    floors = tables.read(lake, TABLE, ["as_of_day"])
    if not floors:
        return []
    last = min(before, *(floor["as_of_day"] for floor in floors), *_first_days_not_in_silver(lake))
    return [day for day in _days(lake) if day.landing_day < last]


def _first_days_not_in_silver(lake: Lake) -> list[date]:
    """By topic the first day with a message that silver does not know, or of a batch that a gate holds."""
    days = (first_day_without(lake, topic, processed_for_good(lake, topic)) for topic in topics_of(lake))
    return [day for day in days if day is not None]


def expire(lake: Lake, before: date, *, wait: bool = True, say: Callable[[str], None] = lambda _: None) -> list[Day]:
    """Take the days before one out of the table, in one commit; and remove files that were taken out long ago.

    Raises:
        JobError: another process is landing events, and `wait` is false; or the store refuses.
    """
    with lake.lease(EVENTS, wait=wait, say=say) as held:
        days = expirable(lake, before)
        if days:
            there = tables.opened(lake, EVENTS)
            held.check()
            with in_our_words(lake, EVENTS):
                there.delete(f"landing_day <= DATE '{days[-1].landing_day.isoformat()}'")
                there.vacuum(dry_run=False)  # after the table's own retention of removed files, not sooner
    return days


def _days(lake: Lake) -> list[Day]:
    """The days there are, from Delta's log alone."""
    try:
        added = pa.table(tables.opened(lake, EVENTS).get_add_actions(flatten=True))
    except TableNotFoundError:
        return []
    found: dict[date, Day] = {}
    names = ("partition.landing_day", "num_records", "size_bytes")
    for day, events, size in zip(*(added[name].to_pylist() for name in names), strict=True):
        before = found.get(day, Day(landing_day=day, events=0, bytes=0))
        found[day] = Day(landing_day=day, events=before.events + (events or 0), bytes=before.bytes + size)
    return [found[day] for day in sorted(found)]
