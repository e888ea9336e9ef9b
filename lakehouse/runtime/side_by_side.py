"""Work for Spark that does not wait for other work: done at once.

In: functions that share a session. Out: what each returned. Guaranteed: all that began have ended when this does, also
where one failed or somebody interrupts, so that nothing goes on behind the caller's back; what had not begun then never
does.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from lakehouse.errors import is_broken_connection

Result = TypeVar("Result")

AT_ONCE = 3
"""Spark plans a query in one thread, for longer than a small one runs: three of them keep two cores busy."""


def side_by_side(work: Iterable[Callable[[], Result]]) -> list[Result]:
    """The results, in the order of the functions.

    Raises:
        BaseException: what the first of them, in that order, raised; before others that the connection to the JVM is
            broken, as it tells that the JVM may still be at work.
    """
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        begun = [pool.submit(one) for one in work]
        wait(begun, return_when=FIRST_EXCEPTION)
    finally:
        pool.shutdown(cancel_futures=True)
    errors = [error for one in begun if not one.cancelled() and (error := one.exception())]
    if errors:
        raise next(filter(is_broken_connection, errors), errors[0])
    return [one.result() for one in begun]
