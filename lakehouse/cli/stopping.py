"""How a job that runs until it is told to stop is told so.

In: SIGTERM, or Ctrl-C. Out: an event that is set. Guaranteed: what is under way is finished; whoever asks a second time
interrupts it.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded when a command runs
    from pyspark.sql import SparkSession

    from lakehouse.runtime.lake import Lake

STOPPING = (signal.SIGINT, signal.SIGTERM)


def session_of(lake: "Lake", stop: "Stop", *, lasting: bool) -> "Callable[[], SparkSession]":
    """The Spark session, started when it is asked for; `lasting` where the job is to follow a topic."""

    def session() -> "SparkSession":
        from lakehouse.ops.spark import session_for

        spark = session_for(lake, lasting=lasting)
        stop.listen()  # Spark has put an answer of its own to Ctrl-C in the place of ours
        return spark

    return session


class Stop(Event):
    """Set when SIGINT or SIGTERM asks to stop; a second one interrupts whatever is done."""

    def listen(self) -> None:
        """Be the one whom signals reach."""
        for number in STOPPING:
            signal.signal(number, self._asked)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self.is_set():
            raise KeyboardInterrupt
        self.set()


@contextmanager
def asked_to_stop() -> Iterator[Stop]:
    """Set while the block goes on, where a signal asks for it."""
    stop = Stop()
    before = {number: signal.getsignal(number) for number in STOPPING}
    stop.listen()
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
