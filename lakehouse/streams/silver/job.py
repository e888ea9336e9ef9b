"""The job from landed messages to silver: micro-batches through the very protocol of files, one lease each.

In: `bronze.sales_events`, and the books, which alone say what is next. Out: accountings, and silver. Guaranteed: no
checkpoint is kept; without work there is neither a lease nor a commit nor, where the topic is only to be drained, a
Spark session; between two batches others may take silver's lease.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from pyspark.sql import SparkSession

from lakehouse.ops import accounting
from lakehouse.ops.accounting import CLASSES, EVENTS, HELD, PREPARED, Accounting
from lakehouse.ops.compaction import compact_merged
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import own_jvm
from lakehouse.runtime.storage import Say
from lakehouse.silver import SALES
from lakehouse.silver.job import finish_begun, process_messages
from lakehouse.silver.messages import next_spans, processed
from lakehouse.silver.pending import unfinished_spans
from lakehouse.streams.pace import Pace


@dataclass(kw_only=True, slots=True)
class Processed:
    """What a job has brought to silver so far, and in how long; `held` are batches that a gate holds."""

    topic: str
    batches: int = 0
    rows: int = 0
    held: int = 0
    seconds: float = 0.0
    classes: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)

    def count(self, closed: Accounting) -> None:
        """Add a batch."""
        self.batches += 1
        self.rows += closed.rows_in
        self.held += closed.status == HELD
        self.classes.update(closed.classes)
        self.warnings.update(closed.warnings)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What all batches share."""

    session: Callable[[], SparkSession]
    lake: Lake
    topic: str
    pace: Pace
    done: Processed
    stop: threading.Event
    wait: bool = True
    say: Say = lambda _: None


def process_events(job: Job) -> None:
    """Bring what has landed of a topic to silver, until that is done or `stop` is set.

    Raises:
        JobError: a batch failed, or silver is being written by another and `wait` is false.
    """
    if job.pace.every is not None:
        job.session()
    while not job.stop.is_set():
        began = monotonic()
        more = _take(job) if _is_work(job) else False
        if not more and job.pace.every is None:
            return
        due = 0.0 if more or job.pace.every is None else job.pace.every - (monotonic() - began)
        job.stop.wait(max(due, job.lake.store.turn_seconds))  # others can take silver's lease, however late it is


def _is_work(job: Job) -> bool:
    """Whether anything is to be done, by looks alone: without a lease."""
    if next_spans(job.lake, job.topic, processed(job.lake, job.topic), job.pace.most) is not None:
        return True
    return bool(accounting.read(job.lake, status=PREPARED) or unfinished_spans(job.lake))


def _take(job: Job) -> bool:
    """One batch under silver's lease; whether there may be more at once."""
    spark, began = job.session(), monotonic()
    with job.lake.lease(SALES, wait=job.wait or job.done.batches > 0, say=job.say) as held:
        held.guard(own_jvm())
        for closed in finish_begun(spark, job.lake, held):
            _tell(job, closed, began)
        spans = next_spans(job.lake, job.topic, processed(job.lake, job.topic), job.pace.most)
        if spans is None:
            return False
        closed = process_messages(spark, job.lake, EVENTS, spans, held)
        _tell(job, closed, began)
        compact_merged(spark, job.lake, SALES)
    return job.pace.every is None or 2 * closed.rows_in > job.pace.most


def _tell(job: Job, closed: Accounting, began: float) -> None:
    if closed.topic == job.topic:
        job.done.count(closed)
    seconds = monotonic() - began
    job.done.seconds += seconds
    job.say(f"silver: {closed.rows_in} message(s) in {seconds:.1f} s, {job.done.rows} in all ({_classes(closed)})")


def _classes(closed: Accounting) -> str:
    if closed.status == HELD:
        return f"held: {closed.reason}"
    return ", ".join(f"{count} {name}" for name in CLASSES if (count := closed.classes.get(name))) or "none"
