"""The topic that events go to: there, or made, or told to be missing.

In: how to connect, a topic, perhaps how many partitions. Out: how many it has. Guaranteed: a topic is made only where a
number of partitions is given; one that is there is never changed.
"""

from collections.abc import Mapping
from typing import Any

from lakehouse.errors import JobError, UsageError
from lakehouse.streams.transactions import ANSWER_SECONDS, address_of, not_answering


def ensure_topic(connection: Mapping[str, Any], topic: str, partitions: int | None) -> tuple[int, bool]:
    """The partitions of the topic, and whether it was made now.

    Args:
        connection: arguments of kafka-python, such as `bootstrap_servers`.
        partitions: how many to make it with where it is missing; None: it must be there.

    Raises:
        JobError: no broker answers, or it does not make the topic.
        UsageError: the topic is missing and no number of partitions is given, or the address or the name is none.
    """
    from kafka import KafkaAdminClient
    from kafka.errors import InvalidTopicError, KafkaError, KafkaTimeoutError, TopicAlreadyExistsError

    try:
        admin = KafkaAdminClient(**connection, bootstrap_timeout_ms=ANSWER_SECONDS * 1_000)
    except ValueError as error:
        raise UsageError(f"{address_of(connection)} is no address of brokers such as 127.0.0.1:9092") from error
    except KafkaError as error:
        raise not_answering(connection) from error
    try:
        if there := _partitions(admin, topic):
            return there, False
        if partitions is None:
            raise UsageError(
                f"there is no topic {topic!r} at {address_of(connection)}: check the name, or have it made with "
                "--partitions N"
            )
        admin.create_topics({topic: {"num_partitions": partitions}}, wait_for_metadata=True)
        return partitions, True
    except TopicAlreadyExistsError:
        return _partitions(admin, topic), False  # somebody made it in between
    except InvalidTopicError as error:
        raise UsageError(f"{topic!r} is no name of a topic: take letters, digits and . _ -, at most 249") from error
    except KafkaTimeoutError as error:
        raise not_answering(connection) from error
    except KafkaError as error:
        raise JobError(
            f"the topic {topic!r} cannot be made: {error}; make it by hand, or choose another one"
        ) from error
    finally:
        admin.close()


def _partitions(admin: Any, topic: str) -> int:
    """How many partitions a topic has; 0 where there is none."""
    (found,) = admin.describe_topics([topic])
    return len(found["partitions"]) if found["error_code"] == 0 else 0
