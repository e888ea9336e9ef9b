"""Bronze, silver and what follows, in one process on one machine.

In: the two jobs on events, and what brings silver further. Out: nothing but what they do. Guaranteed: when one fails
the others finish what is under way, and its error is raised; each job has a Spark session of its own, so that none
sees what another sets; none waits for another but at the leases of tables.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic

from pyspark.sql import SparkSession

from lakehouse.runtime.session import sized_as
from lakehouse.streams.bronze.job import Wanted, land_events
from lakehouse.streams.bronze.sink import Landed
from lakehouse.streams.silver.job import Job, process_events

Session = Callable[[], SparkSession]


@dataclass(frozen=True, kw_only=True, slots=True)
class Together:
    """What to do: land what is wanted, the job to silver, and what `further` does every so many seconds."""

    wanted: Wanted
    landed: Landed
    silver: Job
    further: Callable[[Session], None]
    further_every: float


def run_together(all_: Together) -> None:
    """Run until `stop` of the job to silver is set; where the topic is only to be drained, one after the other.

    Raises:
        UsageError: no broker is known, or there is no such topic.
        JobError: one of them failed.
    """
    job = all_.silver
    if job.pace.every is None:
        land_events(job.session, job.lake, all_.wanted, all_.landed, stop=job.stop, wait=job.wait, say=job.say)
        process_events(job)
        all_.further(job.session)
        return
    spark = job.session()

    def land() -> None:
        land_events(spark.newSession, job.lake, all_.wanted, all_.landed, stop=job.stop, wait=job.wait, say=job.say)

    def bring_on() -> None:
        session = partial(sized_as, spark, spark.newSession())
        due = monotonic() + all_.further_every
        while not job.stop.wait(max(0.0, due - monotonic())):
            due = monotonic() + all_.further_every
            all_.further(session)

    beside = [_Beside("bronze", land, job.stop), _Beside("gold", bring_on, job.stop)]
    own = spark.newSession()
    try:
        process_events(replace(job, session=lambda: sized_as(job.session(), own)))
    finally:
        job.stop.set()
        for thread in beside:
            thread.join()
    for error in filter(None, (thread.error for thread in beside)):
        raise error


class _Beside(threading.Thread):
    """A job in a thread of its own, which begins at once; when it ends, all are to end."""

    def __init__(self, name: str, what: Callable[[], None], stop: threading.Event) -> None:
        super().__init__(name=name)
        self._what, self._stop_all = what, stop
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._what()
        except BaseException as error:
            self.error = error
        finally:
            self._stop_all.set()  # one without the others is of no use
