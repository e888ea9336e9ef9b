"""The producer without a broker: pace, ends of transactions, what is asked to stop, what does not answer."""

import threading
import time
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest

from lakehouse.errors import JobError
from lakehouse.streams import transactions
from lakehouse.streams.producer import Ended, Pace, pace, produced
from lakehouse.streams.transactions import UnansweredError, answered, explained
from tests.unit.links import FakeLink, messages

FAST = Pace(size=10, period=0.0)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "ABORT_SECONDS", 0.2)


def run(link: FakeLink, count: int = 25, **options: Any) -> Iterator[Ended]:
    given: dict[str, Any] = {"pace": FAST, "patience": 5.0, "stop": threading.Event(), **options}
    return produced(link, "sales", iter(messages(count)), **given)


def raising(error: Exception) -> Any:
    def step() -> None:
        raise error

    return step


def test_messages_are_committed_transaction_by_transaction_to_the_last() -> None:
    link = FakeLink()
    ends = list(run(link))
    assert [(e.outcome, len(e.messages)) for e in ends] == [("committed", 10), ("committed", 10), ("committed", 5)]
    assert link.calls == ["begin", "commit"] * 3
    assert link.log == [message.key for message in messages(25)]


def test_messages_that_are_sent_together_have_one_time_as_a_batch_sent_twice_has_in_the_answer() -> None:
    link = FakeLink(on_send=lambda: time.sleep(0.002))
    assert len(list(run(link))) == 3
    assert [len(set(link.times[n : n + 10])) for n in (0, 10, 20)] == [1, 1, 1]
    assert link.times == sorted(link.times)


def test_a_transaction_that_is_spoiled_is_aborted_and_its_messages_are_not_sent_again() -> None:
    link = FakeLink()
    spoiled = iter([False, True, False])
    assert [e.outcome for e in run(link, spoiled=lambda: next(spoiled))] == ["committed", "aborted", "committed"]
    assert len(link.log) == 25


def test_an_open_transaction_is_aborted_when_it_is_asked_to_stop() -> None:
    stop = threading.Event()
    link = FakeLink(on_flush=lambda: (stop.set(), time.sleep(1))[0])
    (end,) = run(link, stop=stop)
    assert (end.outcome, link.calls) == ("aborted", ["begin", "abort"])


def test_a_commit_is_waited_for_when_it_is_asked_to_stop() -> None:
    stop = threading.Event()
    link = FakeLink(on_commit=lambda: (stop.set(), time.sleep(0.2))[0])
    (end,) = run(link, stop=stop)
    assert (end.outcome, link.calls) == ("committed", ["begin", "commit"])


def test_who_is_asked_to_stop_between_transactions_waits_no_longer() -> None:
    stop = threading.Event()
    began = time.monotonic()
    ends = run(FakeLink(), stop=stop, pace=Pace(size=10, period=60.0))
    assert next(ends).outcome == "committed"
    threading.Timer(0.1, stop.set).start()
    assert list(ends) == []
    assert time.monotonic() - began < 10


def test_a_commit_that_is_not_answered_is_unknown_and_the_last() -> None:
    link = FakeLink(on_commit=lambda: time.sleep(1))
    assert [e.outcome for e in run(link, patience=0.2)] == ["unknown"]


@pytest.mark.parametrize("error", [RuntimeError("fenced"), ConnectionError("gone")])
def test_a_commit_that_fails_is_unknown_whatever_the_error(error: Exception) -> None:
    assert [e.outcome for e in run(FakeLink(on_commit=raising(error)))] == ["unknown"]


def test_a_transaction_that_cannot_be_sent_is_aborted() -> None:
    link = FakeLink(on_flush=raising(RuntimeError("too large")))
    with pytest.raises(RuntimeError, match="too large"):
        list(run(link))
    assert link.calls == ["begin", "abort"]


def test_an_error_of_the_abort_does_not_hide_why() -> None:
    link = FakeLink(on_send=raising(RuntimeError("refused")), on_abort=raising(RuntimeError("refused, too")))
    with pytest.raises(RuntimeError, match=r"^refused$"):
        list(run(link))


def test_who_does_not_answer_is_given_up() -> None:
    link = FakeLink(on_flush=lambda: time.sleep(1))
    began = time.monotonic()
    with pytest.raises(UnansweredError):
        list(run(link, patience=0.2))
    assert time.monotonic() - began < 1
    assert link.calls == ["begin"]


def test_a_large_transaction_may_take_longer_than_the_patience_as_long_as_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transactions, "AT_ONCE", 10)
    link = FakeLink(on_flush=lambda: time.sleep(0.2))
    (end,) = run(link, count=45, pace=Pace(size=45, period=0.0), patience=0.6)
    assert (end.outcome, len(link.log)) == ("committed", 45)


def test_an_abort_that_is_not_answered_is_given_up() -> None:
    with pytest.raises(UnansweredError):
        list(run(FakeLink(on_abort=lambda: time.sleep(1)), patience=0.2, spoiled=lambda: True))
    broken = FakeLink(on_abort=lambda: time.sleep(1), on_flush=raising(RuntimeError("too large")))
    began = time.monotonic()
    with pytest.raises(RuntimeError, match="too large"):
        list(run(broken))
    assert time.monotonic() - began < 1


def test_memory_is_that_of_one_transaction() -> None:
    stop = threading.Event()
    ends = produced(FakeLink(), "sales", repeat(messages(1)[0]), pace=FAST, patience=5.0, stop=stop)
    assert len(next(ends).messages) == 10


@pytest.mark.parametrize(
    "size, interval, rate, expected",
    [
        (100, None, None, Pace(size=100, period=0.0)),
        (100, 2.0, None, Pace(size=100, period=2.0)),
        (100, None, 500.0, Pace(size=100, period=0.2)),
        (100, None, 20.0, Pace(size=20, period=1.0)),
        (100, None, 0.5, Pace(size=1, period=2.0)),
        (100, 3.0, 20.0, Pace(size=60, period=3.0)),
        (100, 0.0, 20.0, Pace(size=1, period=0.05)),
        (100, 10.0, 20.0, Pace(size=100, period=10.0)),
    ],
)
def test_the_pace_follows_from_rate_and_interval(
    size: int, interval: float | None, rate: float | None, expected: Pace
) -> None:
    assert pace(size, interval, rate) == expected


def test_what_a_call_answers_is_its_value_or_its_error() -> None:
    assert answered(lambda: 7, 1.0) == 7
    with pytest.raises(KeyError):
        answered(raising(KeyError("a")), 1.0)


def test_errors_of_kafka_become_sentences() -> None:
    from kafka import errors

    def told(error: Exception) -> str:
        explanation = explained(error, {"bootstrap_servers": ["a:1", "b:2"]}, 60.0)
        assert isinstance(explanation, JobError)
        return str(explanation)

    assert told(errors.ProducerFencedError()).startswith("another producer with the same --transactional-id has begun")
    assert (
        told(errors.KafkaTimeoutError())
        == told(UnansweredError())
        == ("a:1,b:2 has not answered for 60 s: see that it runs, and run the command again")
    )
    assert "does not allow it (TopicAuthorizationFailedError)" in told(errors.TopicAuthorizationFailedError())
    assert "refuses a message of that size" in told(errors.MessageSizeTooLargeError("1 MB"))
    assert "says KafkaError: odd: run the command again" in told(errors.KafkaError("odd"))
