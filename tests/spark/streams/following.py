"""The job from Kafka to bronze in a thread of the test's own process, following a topic until the block ends."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pyspark.sql import SparkSession

from lakehouse.runtime.lake import Lake
from lakehouse.streams.bronze.job import Wanted, land_events
from lakehouse.streams.bronze.query import Pace
from lakehouse.streams.bronze.sink import Landed

SECONDS = 120


@dataclass(kw_only=True)
class Following:
    """The job while it runs: what it landed and said, and what it failed with."""

    landed: Landed
    said: list[str] = field(default_factory=list)
    failed: BaseException | None = None
    thread: threading.Thread | None = None

    def until(self, done: Callable[["Following"], bool]) -> None:
        """Wait until something holds; fail where the job ends before."""
        end = time.monotonic() + SECONDS
        while not done(self):
            assert self.thread is not None
            assert self.thread.is_alive(), (self.failed, self.said)
            assert time.monotonic() < end, self.said
            time.sleep(0.05)

    def ended(self) -> BaseException | None:
        """Wait for its end; what it failed with."""
        assert self.thread is not None
        self.thread.join(SECONDS)
        assert not self.thread.is_alive(), self.said
        return self.failed

    def landed_now(self) -> int:
        return self.landed.rows

    def begun(self) -> bool:
        return self.says("offset(s) to go")

    def says(self, words: str) -> bool:
        return any(words in line for line in self.said)


@contextmanager
def following(
    spark: SparkSession, lake: Lake, topic: str, *, patience: float = 60.0, skip_lost: bool = False, most: int = 1_000,
    every: float = 0.5,
) -> Iterator[Following]:  # fmt: skip
    """The job, told to stop at the end of the block; what it fails with then is raised, if the test has not asked."""
    stop = threading.Event()
    job = Following(landed=Landed(topic=topic))
    wanted = Wanted(topic=topic, pace=Pace(every=every, most=most), patience=patience, skip_lost=skip_lost)

    def run() -> None:
        try:
            land_events(lambda: spark, lake, wanted, job.landed, stop=stop, say=job.said.append)
        except BaseException as error:
            job.failed = error

    job.thread = threading.Thread(target=run, daemon=True)
    job.thread.start()
    try:
        yield job
    finally:
        stop.set()
        job.thread.join(SECONDS)
    assert not job.thread.is_alive(), job.said
