"""Topics: made where they are not, grown, never shrunk; and what one is.

In: settings, a name, a number of partitions. Out: what there is now. Guaranteed: a topic that is there keeps its
events; nothing is made that was not asked for.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lakehouse.errors import JobError, UsageError
from lakehouse.runtime.kafka_settings import topic_fault
from lakehouse.runtime.settings import Settings
from lakehouse.streams.asking import asked
from lakehouse.streams.connection import client_options

if TYPE_CHECKING:
    from kafka import KafkaAdminClient

PARTITIONS = 4
"""Of a new topic, where it is not said."""

NOT_THERE, FORBIDDEN = 3, 29
"""Kafka's numbers of errors."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """A topic as it is; `allowed` are the operations this user may do on it, None where the broker does not say.

    Another topic of the same name has another `topic_id`; brokers before 2.8 give the same to all.
    """

    name: str
    topic_id: str
    partitions: int
    allowed: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ensured:
    """A topic as it is now, and what was done for it."""

    topic: Topic
    done: Literal["created", "grown", "as before"]


def described(settings: Settings, name: str) -> Topic | None:
    """The topic; None where there is none of this name.

    Raises:
        JobError: the brokers do not answer, or this user may not know of it.
        UsageError: no broker is known, or what the settings name is not as it must be.
    """
    with asked(client_options(settings)) as client:
        return described_by(client, name)


def is_compacted(settings: Settings, name: str) -> bool:
    """Whether Kafka removes events of the topic that later ones with the same key replace; no, where it does not say.

    Raises:
        JobError: the brokers do not answer.
    """
    from kafka.admin import ConfigResource, ConfigResourceType
    from kafka.errors import KafkaError

    with asked(client_options(settings)) as client:
        resource = ConfigResource(ConfigResourceType.TOPIC, name, configs={"cleanup.policy": None})
        try:
            told = client.describe_configs([resource], config_filter="all")
        except KafkaError:  # this user may read the topic, but not ask how it is configured
            return False
    (policies,) = told.values()
    return "compact" in str(policies[name].get("cleanup.policy"))


def ensured(settings: Settings, name: str, partitions: int | None) -> Ensured:
    """Make a topic where there is none, or give it more partitions.

    Raises:
        UsageError: the name is none of a topic, or the topic has more partitions than are wanted.
        JobError: the brokers do not answer, or refuse it.
    """
    if fault := topic_fault(name):
        raise UsageError(f"{name[:60]!r} {fault}")
    with asked(client_options(settings)) as client:
        there = described_by(client, name)
        done: Literal["created", "grown", "as before"] = "as before"
        if there is None:
            _create(client, name, partitions or PARTITIONS)
            done = "created"
        elif partitions is not None and partitions < there.partitions:
            raise UsageError(
                f"topic {name} has {there.partitions} partition(s) and cannot shrink to {partitions}: Kafka would "
                "lose events; ask for as many or more, or make another topic"
            )
        elif partitions is not None and partitions > there.partitions:
            client.create_partitions({name: partitions})
            done = "grown"
        client.wait_for_topics([name])
        now = described_by(client, name)
    if now is None:
        raise JobError(f"topic {name} was made, but is not there: another program may have removed it; try again")
    return Ensured(topic=now, done=done)


def _create(client: "KafkaAdminClient", name: str, partitions: int) -> None:
    """Make it; one that another process makes at the same time will do."""
    from kafka.errors import TopicAlreadyExistsError

    try:
        client.create_topics({name: {"num_partitions": partitions}})
    except TopicAlreadyExistsError:
        return


def described_by(client: "KafkaAdminClient", name: str) -> Topic | None:
    """The topic, as a client tells it that is connected already.

    Raises:
        JobError: this user may not know of it.
    """
    (told,) = client.describe_topics([name])
    if told["error_code"] == NOT_THERE:
        return None
    if told["error_code"] == FORBIDDEN:
        raise JobError(f"this user may not know of topic {name}: have DESCRIBE granted on it, or name another user")
    allowed = told.get("authorized_operations")
    return Topic(
        name=name,
        topic_id=str(told.get("topic_id") or ""),
        partitions=len(told["partitions"]),
        allowed=tuple(sorted(allowed)) if isinstance(allowed, list) else None,
    )
