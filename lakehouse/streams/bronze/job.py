"""The job from Kafka to bronze: every committed event of a topic once, under the lease of its table.

In: a topic, and `bronze.sales_events`, which alone says what has landed. Out: rows there. Guaranteed: a life of the
query begins at what the table lacks, so that after any kill, or without any checkpoint, nothing is doubled or dropped;
brokers that were there once are waited for some time.
"""

import threading
import uuid
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import monotonic

from pyspark.sql import SparkSession

from lakehouse.errors import LakehouseError
from lakehouse.ops.killpoints import reached
from lakehouse.runtime.delta import create_table
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import BusyError, own_jvm
from lakehouse.runtime.storage import Lease, Say
from lakehouse.streams.bronze import EVENTS
from lakehouse.streams.bronze.brokers import rests
from lakehouse.streams.bronze.compaction import compact
from lakehouse.streams.bronze.faults import AwayError, told
from lakehouse.streams.bronze.positions import Positions, floors_of, positions_of, write_floors
from lakehouse.streams.bronze.query import Pace, run_query
from lakehouse.streams.bronze.sink import Landed, Sink
from lakehouse.streams.bronze.start import BehindError, LostError, Start, start_at
from lakehouse.streams.topic_offsets import TopicOffsets, offsets_of
from lakehouse.streams.topics import is_compacted

PAUSE_SECONDS = 1.0
"""Between two lives of the query."""

HEALTHY_SECONDS = 120.0
"""A life of such a length was a good one, also where no event came: brokers that fail then have all of the patience."""


COMPACTED = (
    "topic {topic} is compacted (cleanup.policy): of events with the same key that are replaced before they are landed "
    "only the last may ever land; where each must, set cleanup.policy=delete"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What to land, and how."""

    topic: str
    pace: Pace
    patience: float
    skip_lost: bool = False


def land_events(
    session: Callable[[], SparkSession], lake: Lake, wanted: Wanted, landed: Landed, *,
    stop: threading.Event, wait: bool = True, say: Say = lambda _: None,
) -> None:  # fmt: skip
    """Land a topic until it is drained or `stop` is set.

    Args:
        session: the Spark session, asked for once brokers and topic are known to be there.
        landed: takes what is landed, also where the job then fails.

    Raises:
        UsageError: no broker is known, or there is no such topic.
        JobError: the brokers do not answer or refuse, events are lost, or the table is being written by another.
    """
    offsets_of(lake.settings, wanted.topic)
    with ExitStack() as leases:
        held = _leased(leases, lake, stop, wait, say)
        if held is None:
            return
        with suppress(BehindError):
            _beginning(lake, wanted)  # what is wrong with the topic is said before Spark is started
        if is_compacted(lake.settings, wanted.topic):
            say(COMPACTED.format(topic=wanted.topic))
        spark = session()
        held.guard(own_jvm())
        create_table(spark, lake, lake.table(EVENTS))
        reached("stream-begun")
        _lives(_Job(spark=spark, lake=lake, wanted=wanted, landed=landed, held=held, stop=stop, say=say))


def _leased(leases: ExitStack, lake: Lake, stop: threading.Event, wait: bool, say: Say) -> Lease | None:
    """The lease of the table; None where it was asked to stop while it waited for another job.

    Raises:
        JobError: another has it, and `wait` is false.
    """
    said = set()
    while True:
        try:
            return leases.enter_context(lake.lease(EVENTS, wait=False))
        except BusyError as busy:
            if not wait:
                raise
            if busy.waiting not in said:
                say(busy.waiting)
                said.add(busy.waiting)
        if stop.wait(PAUSE_SECONDS):
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """What all lives of the query share."""

    spark: SparkSession
    lake: Lake
    wanted: Wanted
    landed: Landed
    held: Lease
    stop: threading.Event
    say: Say


def _lives(job: _Job) -> None:
    """One life of the query after the other, until one ends well or the brokers fail for too long."""
    since: float | None = None
    while not job.stop.is_set():
        rows, began = job.landed.rows, monotonic()
        try:
            _life(job)
        except (AwayError, BehindError):
            if since is None or job.landed.rows > rows or monotonic() - began > HEALTHY_SECONDS:
                since = monotonic()
                job.say(f"the brokers fail: trying again for {job.wanted.patience:.0f} s")
            if monotonic() - since >= job.wanted.patience:
                raise
            job.stop.wait(PAUSE_SECONDS)
        else:
            return


def _life(job: _Job) -> None:
    """From what the table lacks now until the query ends."""
    try:
        there, before, start = _beginning(job.lake, job.wanted)
    except (LostError, BehindError):
        raise
    except LakehouseError as error:  # brokers and topic were there when the job began
        raise AwayError(str(error)) from error
    for gap in start.gaps:
        job.say(f"offsets {gap.first} to {gap.end - 1} of partition {gap.partition} are gone and left out")
    job.landed.gaps += start.gaps
    day = _begin_day(job, there, before, start)
    compact(job.spark, job.lake, day)
    behind = sum(span.end - start.offsets[number] for number, span in there.spans.items())
    job.say(f"landing topic {there.topic}: {behind} offset(s) to go")
    sink = Sink(
        lake=job.lake,
        held=job.held,
        landed=job.landed,
        topic_id=there.topic_id,
        life=uuid.uuid4().hex,
        begin=start.offsets,
        day=day,
        say=job.say,
    )
    began = monotonic()
    try:
        run_query(job.spark, job.lake, sink, job.wanted.pace, job.stop)
    except Exception as error:
        raise told(sink.error or error, there.topic) from error
    finally:
        job.landed.seconds += monotonic() - began
    _note_rests(job, sink)


def _beginning(lake: Lake, wanted: Wanted) -> tuple[TopicOffsets, Positions, Start]:
    """What the topic holds, up to where it has landed, and what follows from both."""
    there, before = offsets_of(lake.settings, wanted.topic), positions_of(lake, wanted.topic)
    return there, before, start_at(there, before, skip_lost=wanted.skip_lost)


def _begin_day(job: _Job, there: TopicOffsets, before: Positions, start: Start) -> date:
    """Write down where each partition begins, on a new day or where it is not known yet; the day."""
    today = datetime.now(UTC).date()
    day = max(today, before.since or today)
    known = before.next_offsets if before.since == day else {}
    offsets = {**start.offsets, **rests(job.lake.settings, there.topic, there.topic_id, start.offsets)}
    new = {number: offset for number, offset in offsets.items() if known.get(number) != offset}
    write_floors(job.lake, floors_of(there.topic, there.topic_id, new, day))
    return day


def _note_rests(job: _Job, sink: Sink) -> None:
    """Where no event follows what has landed, write down that it was read through."""
    topic = job.wanted.topic
    found = rests(job.lake.settings, topic, sink.topic_id, positions_of(job.lake, topic).next_offsets)
    write_floors(job.lake, floors_of(topic, sink.topic_id, found, sink.day))
