"""What a topic holds: by partition the first offset, and the one after the last that a reader of committed events sees.

In: settings and a topic. Out: its offsets as they are now, and its id. Guaranteed: a topic that is not there, that may
not be known of, or brokers that do not answer are told in one sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse.errors import UsageError
from lakehouse.runtime.settings import Settings
from lakehouse.streams.asking import asked
from lakehouse.streams.connection import client_options
from lakehouse.streams.topics import described_by

if TYPE_CHECKING:
    from kafka import KafkaAdminClient


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The offsets that a partition holds: from `first` up to, and without, `end`."""

    first: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicOffsets:
    """A topic's id, and what each of its partitions holds."""

    topic: str
    topic_id: str
    spans: Mapping[int, Span]


def offsets_of(settings: Settings, topic: str) -> TopicOffsets:
    """What the topic holds now.

    Raises:
        UsageError: there is no such topic, no broker is known, or what the settings name is not as it must be.
        JobError: the brokers do not answer, or refuse it.
    """
    with asked(client_options(settings)) as client:
        there = described_by(client, topic)
        if there is None:
            raise UsageError(
                f"there is no topic {topic!r}: check the name, or make it with lakehouse kafka topic {topic}"
            )
        first, end = _listed(client, topic, there.partitions)
    spans = {number: Span(first=first[number], end=end[number]) for number in first}
    return TopicOffsets(topic=topic, topic_id=there.topic_id, spans=spans)


def _listed(client: "KafkaAdminClient", topic: str, partitions: int) -> tuple[dict[int, int], dict[int, int]]:
    from kafka import TopicPartition
    from kafka.admin import OffsetSpec

    def at(spec: OffsetSpec) -> dict[int, int]:
        asked_for: dict[TopicPartition, OffsetSpec] = {TopicPartition(topic, n): spec for n in range(partitions)}
        found = client.list_partition_offsets(asked_for, isolation_level="read_committed")
        return {partition.partition: told.offset for partition, told in found.items()}

    return at(OffsetSpec.EARLIEST), at(OffsetSpec.LATEST)
