"""Bronze, silver and what follows, in one process on one machine.

In: the two jobs on events, and what brings silver further. Out: nothing but what they do. Guaranteed: when one fails
the others finish what is under way, and its error is raised; each job has a Spark session of its own, so that none
sees what another sets.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from lakehouse.streams.bronze.job import Wanted, land_events
from lakehouse.streams.bronze.sink import Landed
from lakehouse.streams.silver.job import Job, process_events


@dataclass(frozen=True, kw_only=True, slots=True)
class Together:
    """What to do: land what is wanted, the job to silver, and every so many seconds what `further` does."""

    wanted: Wanted
    landed: Landed
    silver: Job
    further: Callable[[], None]
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
        all_.further()
        return
    landing = _Landing(all_)
    landing.start()
    try:
        process_events(replace(job, between=_Timer(all_.further, all_.further_every)))
    finally:
        job.stop.set()
        landing.join()
    if landing.error is not None:
        raise landing.error


class _Landing(threading.Thread):
    """The job to bronze in a thread of its own."""

    def __init__(self, all_: Together) -> None:
        super().__init__(name="bronze")
        self._all = all_
        self._spark = all_.silver.session()
        self.error: BaseException | None = None

    def run(self) -> None:
        job = self._all.silver
        try:
            land_events(
                self._spark.newSession, job.lake, self._all.wanted, self._all.landed,
                stop=job.stop, wait=job.wait, say=job.say,
            )  # fmt: skip
        except BaseException as error:
            self.error = error
        finally:
            job.stop.set()  # one without the other is of no use


class _Timer:
    """Does something when it is due."""

    def __init__(self, what: Callable[[], None], every: float) -> None:
        self._what, self._every, self._last = what, every, monotonic()

    def __call__(self) -> None:
        if monotonic() - self._last >= self._every:
            self._what()
            self._last = monotonic()
