"""Work for Spark that does not wait for other work: done at once.

In: functions that share a session. Out: what each returned. Guaranteed: all have ended when this does, also where one
failed, so that nothing goes on behind the caller's back.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

AT_ONCE = 3
"""Spark plans a query in one thread, for longer than a small one runs: three of them keep two cores busy."""


def side_by_side(work: Iterable[Callable[[], Result]]) -> list[Result]:
    """The results, in the order of the functions.

    Raises:
        Exception: what the first of them, in that order, raised.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = [pool.submit(one) for one in work]
    return [one.result() for one in begun]
