"""Messages into a topic, transaction by transaction, at a pace.

In: messages, a producer that is linked, how fast. Out: how each transaction ended. Guaranteed: a transaction is open
only while its messages are sent; where it is asked to stop, an open transaction is aborted and one that is being
committed is waited for; an unknown end is the last one.
"""

from collections.abc import Callable, Iterator, Sequence
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
    """How a transaction ended, and its messages; those of one that was stopped were perhaps not all sent."""

    outcome: Outcome
    messages: Sequence[Message]


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
) -> Iterator[Ended]:
    """Send the messages; how each transaction ended, until there are no more, `stop` is set or an end is unknown.

    Args:
        patience: seconds to wait for an answer, while the broker is gone, say.
        spoiled: whether the next transaction is to be aborted on purpose; its messages are lost.

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
        outcome = _ended(link, placed, patience, oracle, spoil=spoiled())
        yield Ended(outcome=outcome, messages=batch)
        if outcome == "unknown":
            return
        stop.wait(max(0.0, began + pace.period - monotonic()))


def _ended(link: Link, placed: Sequence[Placed], patience: float, oracle: Oracle | None, *, spoil: bool) -> Outcome:
    """Commit, or abort on purpose, and tell the oracle."""
    if spoil:
        answered(link.abort_transaction, patience)
        return "aborted"
    if oracle:
        oracle.prepare(placed)
    outcome: Outcome = "committed" if committed(link, patience) else "unknown"
    if oracle:
        oracle.settle(placed, outcome)
    return outcome
