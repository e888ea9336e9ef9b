"""What became of a transaction whose commit was not answered: found out from the topic itself.

In: how to connect, and where messages of one transaction are. Out: committed, aborted, or nobody knows. Guaranteed:
`committed` only where a reader of committed events met one of them, `aborted` only where such a reader went through all
places and met none; where brokers do not answer in time, or places are deleted or not decided yet, it is `unknown`.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import partial
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Literal

from lakehouse.errors import JobError
from lakehouse.streams.asking import quiet
from lakehouse.streams.transactions import Outcome, Place, UnansweredError, answered, linked

if TYPE_CHECKING:
    from kafka import KafkaConsumer, TopicPartition

DECIDED_SECONDS = 5.0
"""So long at most a transaction may be undecided at a broker that answers; then it is ended."""

POLL_MILLISECONDS, PAUSE_SECONDS = 200, 0.2


def found_out(
    connection: Mapping[str, Any], transactional_id: str, places: Collection[Place], patience: float
) -> Outcome:
    """How the transaction ended; one that is still open is ended, as the next producer of this id would do."""
    until = monotonic() + patience
    outcome = seen(connection, places, patience, DECIDED_SECONDS)
    if outcome != "open":
        return outcome
    left = max(until - monotonic(), DECIDED_SECONDS)
    with suppress(JobError), linked(connection, transactional_id, left):
        outcome = seen(connection, places, left, DECIDED_SECONDS)
    return "unknown" if outcome == "open" else outcome


def seen(
    connection: Mapping[str, Any], places: Collection[Place], patience: float, decided: float
) -> Outcome | Literal["open"]:
    """How it ended, as readers of committed events see.

    Args:
        patience: seconds in which brokers that are away are tried again; then it is `unknown`.
        decided: seconds that it may be undecided at brokers that answer; then it is `open`.
    """
    from kafka.errors import KafkaError

    quiet()
    until = monotonic() + patience
    while (left := until - monotonic()) > 0:
        try:
            return answered(partial(_read, connection, places, left, decided), left + decided)
        except UnansweredError:
            break
        except KafkaError:
            sleep(PAUSE_SECONDS)
    return "unknown"


def _read(
    connection: Mapping[str, Any], places: Collection[Place], seconds: float, decided: float
) -> Outcome | Literal["open"]:
    from kafka import KafkaConsumer

    consumer = KafkaConsumer(
        **connection,
        isolation_level="read_committed",
        enable_auto_commit=False,
        group_id=None,
        bootstrap_timeout_ms=round(seconds * 1_000) + 1,
    )
    try:
        return _looked(consumer, places, monotonic() + decided)
    finally:
        consumer.close()


def _looked(consumer: "KafkaConsumer", places: Collection[Place], until: float) -> Outcome | Literal["open"]:
    """Read from the first place of each partition to its last one, or until one is met."""
    ways = _ways(places)
    consumer.assign(list(ways))
    begins = consumer.beginning_offsets(list(ways))
    for partition, (first, _) in ways.items():
        consumer.seek(partition, max(first, begins[partition]))
    while monotonic() < until:
        for partition, events in consumer.poll(timeout_ms=POLL_MILLISECONDS).items():
            if any((partition.topic, partition.partition, event.offset) in places for event in events):
                return "committed"
        if all(consumer.position(partition) > last for partition, (_, last) in ways.items()):
            deleted = any(begins[partition] > first for partition, (first, _) in ways.items())
            return "unknown" if deleted else "aborted"
    return "open"


def _ways(places: Collection[Place]) -> "dict[TopicPartition, tuple[int, int]]":
    """The first and the last offset by partition."""
    from kafka import TopicPartition

    offsets: dict[TopicPartition, list[int]] = {}
    for topic, number, offset in places:
        offsets.setdefault(TopicPartition(topic, number), []).append(offset)
    return {partition: (min(those), max(those)) for partition, those in offsets.items()}
