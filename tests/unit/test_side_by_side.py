"""Work at once: results in order, the first error in that order, and nothing left running."""

import threading

import pytest

from lakehouse.runtime.side_by_side import side_by_side


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
