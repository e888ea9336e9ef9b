"""Work at once: results in order, the first error in that order, and nothing left running."""

import signal
import threading

import pytest
from py4j.protocol import Py4JNetworkError  # type: ignore[import-untyped]

from lakehouse.runtime.side_by_side import AT_ONCE, side_by_side


def test_results_come_in_the_order_of_the_work_whichever_ends_first() -> None:
    second_done = threading.Event()

    def first() -> str:
        assert second_done.wait(10)
        return "first"

    def second() -> str:
        second_done.set()
        return "second"

    assert side_by_side([first, second]) == ["first", "second"]


def test_nothing_to_do_is_nothing_done() -> None:
    assert side_by_side([]) == []


def test_the_first_error_is_told_after_everything_has_ended() -> None:
    failed, ended = threading.Event(), threading.Event()

    def fails(name: str) -> None:
        failed.set()
        raise ValueError(name)

    def goes_on() -> None:
        assert failed.wait(10)
        ended.set()

    with pytest.raises(ValueError, match="one"):
        side_by_side([lambda: fails("one"), goes_on, lambda: fails("two")])
    assert ended.is_set()


def test_what_had_not_begun_when_one_failed_never_does() -> None:
    begun: list[int] = []
    full = threading.Barrier(AT_ONCE, timeout=10)

    def fails() -> None:
        full.wait()
        raise ValueError("a full disk")

    def goes_on() -> None:
        full.wait()
        threading.Event().wait(0.5)

    def another() -> None:
        begun.append(1)
        threading.Event().wait(0.2)

    with pytest.raises(ValueError, match="a full disk"):
        side_by_side([fails, *[goes_on] * (AT_ONCE - 1), *[another] * 20])
    assert len(begun) <= 1


def test_a_broken_connection_is_told_before_other_errors() -> None:
    together = threading.Barrier(2, timeout=10)

    def fails(error: Exception) -> None:
        together.wait()
        raise error

    with pytest.raises(Py4JNetworkError):
        side_by_side([lambda: fails(ValueError("no space")), lambda: fails(Py4JNetworkError("gone"))])


def test_an_interruption_waits_for_what_began_and_begins_nothing_more() -> None:
    ended: list[str] = []
    begun = threading.Barrier(AT_ONCE, timeout=10)

    def goes_on() -> None:
        if begun.wait() == 0:
            threading.Timer(0.2, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)).start()
        threading.Event().wait(0.5)
        ended.append("one that began")

    with pytest.raises(KeyboardInterrupt):
        side_by_side([*[goes_on] * AT_ONCE, *[lambda: ended.append("another")] * 20])
    assert ended == ["one that began"] * AT_ONCE
