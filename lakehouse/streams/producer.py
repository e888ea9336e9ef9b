"""Messages into a topic, transaction by transaction, at a pace.

In: messages, a producer that is linked, how fast. Out: how each transaction ended. Guaranteed: a transaction is open
only while its messages are sent; where it is asked to stop, an open transaction is aborted and one that is being
committed is waited for; a commit that is not answered is the last one.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from threading import Event
from time import monotonic

from lakehouse.streams.message import Message
from lakehouse.streams.oracle import Oracle
from lakehouse.streams.transactions import (
    Link,
    Outcome,
    Place,
    Placed,
    StoppedError,
    UnansweredError,
    aborted,
    answered,
    committed,
    sent,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """So many messages a transaction, and a transaction at most every so many seconds."""

    size: int
    period: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a transaction ended, and its messages; those of one that was stopped were perhaps not all sent.

    `confirmed` is False where its commit was not answered; it is then the last one, however it ended.
    """

    outcome: Outcome
    messages: Sequence[Message]
    confirmed: bool = True


Ask = Callable[[Collection[Place]], Outcome]
"""How a transaction ended whose messages are at these places."""


def pace(size: int, interval: float | None, rate: float | None) -> Pace:
    """How `rate` messages a second become transactions.

    Args:
        size: the most messages of a transaction.
        interval: seconds from one to the next; None: as fast as the rate allows, at least one a second.
        rate: messages a second; None: as fast as it goes.
    """
    if rate is None:
        return Pace(size=size, period=interval or 0.0)
    fitting = min(size, max(1, ceil(rate * (1.0 if interval is None else interval))))
    return Pace(size=fitting, period=max(interval or 0.0, fitting / rate))


def produced(
    link: Link,
    topic: str,
    messages: Iterator[Message],
    *,
    pace: Pace,
    patience: float,
    stop: Event,
    oracle: Oracle | None = None,
    spoiled: Callable[[], bool] = lambda: False,
    ask: Ask = lambda _: "unknown",
) -> Iterator[Ended]:
    """Send the messages; how each transaction ended, until there are no more, `stop` is set or a commit has no answer.

    Args:
        patience: seconds to wait for an answer, while the broker is gone, say.
        spoiled: whether the next transaction is to be aborted on purpose; its messages are lost.
        ask: finds out what became of a commit that was not answered.

    Raises:
        kafka.errors.KafkaError, UnansweredError: messages could not be sent; their transaction is aborted, or will be.
    """
    while not stop.is_set() and (batch := list(islice(messages, pace.size))):
        began = monotonic()
        try:
            placed = sent(link, topic, batch, patience, stop.is_set)
        except StoppedError:
            aborted(link)
            yield Ended(outcome="aborted", messages=batch)
            return
        except UnansweredError:
            raise  # nor would an abort be answered; Kafka aborts when the time of the transaction is up
        except BaseException:
            aborted(link)
            raise
        if spoiled():
            answered(link.abort_transaction, patience)
            ended = Ended(outcome="aborted", messages=batch)
        else:
            ended = _committed(link, topic, placed, patience, oracle, ask)
        yield ended
        if not ended.confirmed:
            return
        stop.wait(max(0.0, began + pace.period - monotonic()))


def _committed(
    link: Link, topic: str, placed: Sequence[Placed], patience: float, oracle: Oracle | None, ask: Ask
) -> Ended:
    """Commit, and tell the oracle how that ended."""
    if oracle:
        oracle.prepare(placed)
    confirmed = committed(link, patience)
    outcome = "committed" if confirmed else ask({(topic, one.partition, one.offset) for one in placed})
    if oracle:
        oracle.settle(placed, outcome)
    return Ended(outcome=outcome, messages=[one.message for one in placed], confirmed=confirmed)
