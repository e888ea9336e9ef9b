"""How far a reader of committed events is behind: in events, and in seconds; asked of the brokers, without a group.

In: settings, what a topic holds, and positions in it. Out: by partition how many events follow, and since when the
first of them waits; or up to where none follows. Guaranteed: where only the ends of transactions follow, or what was
aborted, nobody is behind; a long rest is not read through, but said to be at most so many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from lakehouse.errors import JobError
from lakehouse.runtime.settings import Settings
from lakehouse.streams.asking import quiet
from lakehouse.streams.connection import client_options
from lakehouse.streams.topic_offsets import TopicOffsets

if TYPE_CHECKING:
    from kafka import KafkaConsumer, TopicPartition

MOST_READ = 2_000
"""So many events of a partition are counted one by one."""

READ_SECONDS = 10.0
POLL_MILLISECONDS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Lag:
    """How far behind one partition is; `exact` is False where `records` counts offsets, of which some may be none."""

    partition: int
    end: int
    landed: int
    records: int
    exact: bool
    waiting_since: datetime | None

    def seconds(self, now: datetime) -> float:
        """How long the first event that has not landed has been waiting."""
        return max(0.0, (now - self.waiting_since).total_seconds()) if self.waiting_since else 0.0


def lags_of(settings: Settings, there: TopicOffsets, landed: Mapping[int, int]) -> list[Lag]:
    """The lag of each partition; one of which nothing has landed is behind from its first offset on.

    Raises:
        JobError: the brokers do not answer any more, or refuse.
    """
    at = _at(there, landed)
    waiting = _waiting(settings, there, at, MOST_READ)
    lags = []
    for number, span in sorted(there.spans.items()):
        found = waiting.get(number, _Waiting(next=span.end))
        read_through = found.next >= span.end
        lags.append(
            Lag(
                partition=number,
                end=span.end,
                landed=at[number],
                records=found.count if read_through else span.end - at[number],
                exact=read_through,
                waiting_since=found.since,
            )
        )
    return lags


def rests_of(settings: Settings, there: TopicOffsets, landed: Mapping[int, int]) -> dict[int, int]:
    """The end of each partition in which something follows what has landed, but no event.

    Raises:
        JobError: the brokers do not answer any more, or refuse.
    """
    waiting = _waiting(settings, there, _at(there, landed), 1)
    ends = {number: there.spans[number].end for number in waiting}
    return {number: end for number, end in ends.items() if waiting[number].count == 0 and waiting[number].next >= end}


def _at(there: TopicOffsets, landed: Mapping[int, int]) -> dict[int, int]:
    return {number: max(landed.get(number, 0), span.first) for number, span in there.spans.items()}


@dataclass(kw_only=True, slots=True)
class _Waiting:
    """What was read of a partition: how many events, the time of the first, and where reading would go on."""

    next: int
    count: int = 0
    since: datetime | None = None


def _waiting(settings: Settings, there: TopicOffsets, at: Mapping[int, int], most: int) -> dict[int, _Waiting]:
    """What follows in each partition that goes on; it is read up to so many events."""
    begin = {number: offset for number, offset in at.items() if offset < there.spans[number].end}
    if not begin:
        return {}
    quiet()
    from kafka import KafkaConsumer, TopicPartition
    from kafka.errors import KafkaError

    found = {number: _Waiting(next=offset) for number, offset in begin.items()}
    partitions = {number: TopicPartition(there.topic, number) for number in begin}
    try:
        consumer = KafkaConsumer(
            **client_options(settings),
            isolation_level="read_committed",
            enable_auto_commit=False,
            group_id=None,
            auto_offset_reset="earliest",  # where retention is faster than we; the latest would leave events uncounted
        )
        try:
            _read(consumer, there, partitions, found, most)
        finally:
            consumer.close()
    except KafkaError as error:
        raise JobError(f"topic {there.topic} cannot be read ({type(error).__name__}): try again") from error
    return found


def _read(
    consumer: "KafkaConsumer",
    there: TopicOffsets,
    partitions: "Mapping[int, TopicPartition]",
    found: dict[int, _Waiting],
    most: int,
) -> None:
    """Read each partition to its end, or to so many events."""
    consumer.assign(list(partitions.values()))
    for number, partition in partitions.items():
        consumer.seek(partition, found[number].next)
    until = monotonic() + READ_SECONDS
    while partitions and monotonic() < until:
        for partition, events in consumer.poll(timeout_ms=POLL_MILLISECONDS).items():
            _count(found[partition.partition], events, there.spans[partition.partition].end)
        for number, partition in partitions.items():
            found[number].next = max(found[number].next, consumer.position(partition))
        partitions = {
            number: partition
            for number, partition in partitions.items()
            if found[number].next < there.spans[number].end and found[number].count < most
        }
        consumer.pause(*(set(consumer.assignment()) - set(partitions.values())))


def _count(read: _Waiting, events: list[Any], end: int) -> None:
    """Events behind the end came while we read."""
    those = [event for event in events if event.offset < end]
    if those and read.since is None:
        read.since = datetime.fromtimestamp(those[0].timestamp / 1000, UTC)
    read.count += len(those)
