"""Kafka's transactions, each with an end in bounded time: committed, aborted, or nobody knows.

In: how to connect, messages. Out: where Kafka put them, and how their transaction ended. Guaranteed: `committed` is
said only of what Kafka has confirmed, `aborted` only of what was never told to commit; whatever else becomes of a
commit is `unknown`. kafka-python's own calls wait without end for a broker that is gone; these do not.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic, time
from typing import Any, Literal, Protocol, TypeVar

from lakehouse.errors import JobError
from lakehouse.streams.asking import ANSWER_SECONDS, quiet
from lakehouse.streams.message import Message

T = TypeVar("T")
Outcome = Literal["committed", "aborted", "unknown"]
Place = tuple[str, int, int]
"""Topic, partition, offset."""

ABORT_SECONDS = 10.0
"""How long to wait that an abort is confirmed; Kafka aborts by itself what is left open."""

MORE_MILLISECONDS = 5_000

LONGEST_TRANSACTION_SECONDS = 900
"""What brokers allow a transaction to take where nobody has said otherwise."""

AT_ONCE = 2_000
"""So many messages are to be confirmed within the patience."""

_LOOK_SECONDS = 0.05


class UnansweredError(Exception):
    """The broker did not answer in time; what it was asked may be done, or not."""


class StoppedError(Exception):
    """The producer was asked to stop while it waited."""


class Link(Protocol):
    """What is needed of kafka-python's producer."""

    def begin_transaction(self) -> None: ...

    def send(self, topic: str, value: bytes | None, key: bytes, timestamp_ms: int) -> Any: ...

    def flush(self, timeout: float) -> None: ...

    def commit_transaction(self) -> None: ...

    def abort_transaction(self) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A message and where Kafka put it; `timestamp_ms` is Kafka's, in milliseconds since 1970."""

    message: Message
    partition: int
    offset: int
    timestamp_ms: int


@contextmanager
def linked(connection: Mapping[str, Any], transactional_id: str, patience: float) -> Iterator[Link]:
    """A producer that is ready for transactions; what an earlier one of this id left open is ended.

    Raises:
        JobError: no broker answers, or it does not allow transactions; also of errors within the block.
    """
    from kafka import KafkaProducer
    from kafka.errors import KafkaError

    from lakehouse.streams.patient_client import PatientClient

    quiet()
    milliseconds = round(patience * 1_000)
    settings = {
        "kafka_client": PatientClient,
        "transactional_id": transactional_id,
        "acks": "all",
        "linger_ms": 5,
        "batch_size": 1 << 18,  # a transaction of usual size in one request a partition
        "allow_auto_create_topics": False,
        "reconnect_backoff_max_ms": 1_000,  # else a broker that was away for a while is not looked for in half a minute
        "bootstrap_timeout_ms": round(ANSWER_SECONDS * 1_000),
        # All of them longer than the patience, which is to decide; a request that is given up is not tried again.
        "max_block_ms": milliseconds + MORE_MILLISECONDS,
        "request_timeout_ms": milliseconds + MORE_MILLISECONDS,
        "delivery_timeout_ms": milliseconds + 2 * MORE_MILLISECONDS,
        # longer than the patience: else Kafka would abort what is still being tried
        "transaction_timeout_ms": min(2 * milliseconds, LONGEST_TRANSACTION_SECONDS * 1_000),
    }
    try:
        producer = KafkaProducer(**connection, **settings)
    except KafkaError as error:
        raise explained(error, connection, ANSWER_SECONDS) from error
    try:
        answered(producer.init_transactions, patience)
        yield producer
    except (KafkaError, UnansweredError) as error:
        raise explained(error, connection, patience) from error
    finally:
        with suppress(KafkaError):  # it tells that messages are unsent: those of a transaction that has ended
            producer.close(timeout=1)


def answered(call: Callable[[], T], seconds: float, stopped: Callable[[], bool] = lambda: False) -> T:
    """What a call returns, in bounded time; it goes on in its thread where that is up.

    Raises:
        UnansweredError: it took longer.
        StoppedError: `stopped` said so before it was done.
    """
    done = threading.Event()
    result: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            result.append(call())
        except BaseException as error:
            failed.append(error)
        done.set()

    threading.Thread(target=run, daemon=True).start()
    until = monotonic() + seconds
    while not done.wait(_LOOK_SECONDS):
        if stopped():
            raise StoppedError
        if monotonic() > until:
            raise UnansweredError
    if failed:
        raise failed[0]
    return result[0]


def sent(
    link: Link, topic: str, messages: Sequence[Message], patience: float, stopped: Callable[[], bool]
) -> list[Placed]:
    """Begin a transaction and send messages in it, each confirmed by the broker.

    Those of a part have one time: of a batch that came twice the broker tells but the latest time in it.

    Raises:
        StoppedError, UnansweredError, kafka.errors.KafkaError: not all of them are; the transaction is to be aborted.
    """

    def send(part: Sequence[Message]) -> list[Placed]:
        now = int(time() * 1_000)
        futures = [(one, link.send(topic, value=one.value, key=one.key, timestamp_ms=now)) for one in part]
        link.flush(timeout=patience + MORE_MILLISECONDS / 1_000)
        placed = ((message, future.get(timeout=0)) for message, future in futures)
        return [
            Placed(message=message, partition=put.partition, offset=put.offset, timestamp_ms=put.timestamp)
            for message, put in placed
        ]

    link.begin_transaction()
    parts = (messages[start : start + AT_ONCE] for start in range(0, len(messages), AT_ONCE))
    return [one for part in parts for one in answered(partial(send, part), patience, stopped)]


def committed(link: Link, patience: float) -> bool:
    """Whether the transaction is known to be committed; False: nobody knows, whatever the error.

    kafka-python repeats the request while the broker is gone, as Kafka allows; an error after the first request does
    not tell what became of it (the answer may be what was lost).
    """
    try:
        answered(link.commit_transaction, patience)
    except Exception:
        return False
    return True


def aborted(link: Link) -> None:
    """Abort the transaction; where that is not confirmed in time, Kafka does so when its time is up."""
    with suppress(Exception):
        answered(link.abort_transaction, ABORT_SECONDS)


def explained(error: Exception, connection: Mapping[str, Any], patience: float) -> JobError:
    """An error of kafka-python as a sentence."""
    from kafka import errors

    brokers = ",".join(connection["bootstrap_servers"])
    if isinstance(error, errors.ProducerFencedError | errors.InvalidProducerEpochError):
        return JobError(
            "another producer with the same --transactional-id has begun, and ended this one: run one at a time, or "
            "give each its own"
        )
    if isinstance(error, errors.MessageSizeTooLargeError | errors.RecordListTooLargeError):
        return JobError(f"{brokers} refuses a message of that size: {error}")
    if isinstance(error, errors.AuthorizationError):
        return JobError(f"{brokers} does not allow it ({type(error).__name__}): have the right granted")
    if isinstance(error, UnansweredError | errors.RetriableError):
        return JobError(f"{brokers} has not answered for {patience:g} s: see that it runs, and run the command again")
    return JobError(f"{brokers} says {error}: run the command again")
