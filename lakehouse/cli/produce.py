"""`lakehouse produce`: made-up sale events into a topic, for demos, tests and benches.

In: options. Out: messages in Kafka, and what became of them on standard output. Guaranteed: what it says is committed
is; Ctrl-C and SIGTERM abort an open transaction and wait for one that is being committed (a second one does not wait).
"""

import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.jobs import DEBUG, ENV, HELP
from lakehouse.cli.produce_options import Wanted, messages_of, options
from lakehouse.cli.show import document, sentence, working
from lakehouse.cli.tally import Tally
from lakehouse.errors import JobError, UsageError

if TYPE_CHECKING:  # loaded when the command runs
    from lakehouse.runtime.settings import Settings
    from lakehouse.streams.message import Message
    from lakehouse.streams.oracle import Oracle
    from lakehouse.streams.producer import Ended
    from lakehouse.streams.transactions import Link, Outcome, Place


class Stop(Event):
    """Set when a signal asks to stop; `code` is what the process ends with then."""

    code = 0


@click.command()
@options
@click.pass_obj
def produce(env: str | None, /, as_json: bool, **given: Any) -> int:
    """Send made-up sale events to Kafka in transactions: new lines, corrections, deletes, late, doubled, garbage."""
    return _produce(env, Wanted(**given), as_json)


@click.command(context_settings=HELP)
@ENV
@options
@DEBUG
def sales_event_producer(env: str | None, as_json: bool, debug: bool, **given: Any) -> int:
    """Send made-up sale events to Kafka: what `lakehouse produce` does."""
    return _produce(env, Wanted(**given), as_json)


def _produce(env: str | None, wanted: Wanted, as_json: bool) -> int:
    """Send what is wanted, and tell what became of it, however it ends."""
    from lakehouse.runtime.settings import load_settings
    from lakehouse.streams.connection import client_options
    from lakehouse.streams.oracle import opened
    from lakehouse.streams.transactions import linked

    messages = messages_of(wanted)
    settings = load_settings(env)
    topic = wanted.topic or settings.kafka.topic
    tally = Tally()
    with working() as say, _signals() as stop:
        say(f"topic {topic} with {_partitions(settings, topic, wanted.partitions)} partition(s)")
        connection = client_options(settings)
        try:
            with (
                opened(wanted.oracle, topic) as oracle,
                linked(connection, wanted.transactional_id, wanted.patience) as link,
            ):
                _recover(oracle, connection, wanted, say)
                for ended in _transactions(link, topic, messages, wanted, stop, oracle, connection):
                    tally.add(ended)
                    tally.say(say)
        except JobError:
            say(tally.told())
            raise
    fault = _fault(tally, wanted, stopped=stop.is_set())
    if as_json:
        document({"ok": fault is None, "topic": topic, **tally.document()})
    else:
        sentence(f"{'stopped: ' if stop.is_set() else ''}{tally.told()}", good=fault is None)
    if fault:
        raise JobError(fault)
    return stop.code


def _recover(oracle: "Oracle | None", connection: dict[str, Any], wanted: Wanted, say: Callable[[str], None]) -> None:
    """Have the oracle complete what a killed producer left; a transaction of this id that it left open is ended."""
    from lakehouse.streams.outcomes import seen

    def ask(places: Collection["Place"]) -> "Outcome":
        outcome = seen(connection, places, wanted.patience, wanted.patience)
        return "unknown" if outcome == "open" else outcome

    if oracle and (found := oracle.recover(ask)):
        say(f"{found[0]} events of a producer that was killed are {found[1]}, and so it stands in {wanted.oracle}")


def _fault(tally: Tally, wanted: Wanted, *, stopped: bool) -> str | None:
    """The sentence about a commit that was not answered; None where it changes nothing."""
    if tally.unknown:
        return (
            f"the broker did not answer whether the last transaction is committed: its {tally.unknown} events are in "
            "the topic or not, and who reads committed events will see; run the command again"
        )
    done = stopped or (tally.unanswered == "committed" and tally.sent == wanted.events)
    if tally.unanswered is None or done:
        return None
    return (
        f"the broker did not answer whether the last transaction is committed; it is {tally.unanswered}, as was found "
        "out: see that the broker runs well, and run the command again for what follows"
    )


def _partitions(settings: "Settings", topic: str, wanted: int | None) -> int:
    """How many partitions the topic has; where it is missing it is made with so many as are wanted.

    Raises:
        UsageError: it is missing, and no number is wanted, or its name is none.
    """
    from lakehouse.runtime.kafka_settings import topic_fault
    from lakehouse.streams.topics import described, ensured

    if fault := topic_fault(topic):
        raise UsageError(f"--topic {topic[:60]!r} {fault}")
    there = described(settings, topic)
    if there is None and wanted is None:
        raise UsageError(
            f"there is no topic {topic!r}: check the name, or make it with lakehouse kafka topic or --partitions N"
        )
    return (there or ensured(settings, topic, wanted).topic).partitions


def _transactions(
    link: "Link", topic: str, messages: "Iterator[Message]", wanted: Wanted, stop: Stop, oracle: "Oracle | None",
    connection: dict[str, Any],
) -> "Iterator[Ended]":  # fmt: skip
    from itertools import islice
    from random import Random

    from lakehouse.streams.outcomes import found_out
    from lakehouse.streams.producer import pace, produced

    spoiling = Random(f"{wanted.seed}/abort")
    return produced(
        link,
        topic,
        islice(messages, wanted.events or None),
        pace=pace(wanted.transaction_size, wanted.interval, wanted.rate),
        patience=wanted.patience,
        stop=stop,
        oracle=oracle,
        spoiled=lambda: spoiling.random() < wanted.abort,
        ask=lambda places: found_out(connection, wanted.transactional_id, places, wanted.patience),
    )


@contextmanager
def _signals() -> Iterator[Stop]:
    """SIGINT and SIGTERM ask to stop; a second one interrupts whatever is done."""
    stop = Stop()

    def asked(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.code = 128 + number
        stop.set()

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
