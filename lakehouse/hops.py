"""The hops of the road, each made only where something is pending.

In: a lakehouse. Out: what became of it on the way from one layer to the next. Guaranteed: where nothing is pending no
Spark session is started, and all hops of a run share one.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from lakehouse.bronze import ledger
from lakehouse.gold import pending as gold_pending
from lakehouse.gold.release import Release, is_new, newest
from lakehouse.ops.accounting import Accounting
from lakehouse.ops.spark import session_for
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import Say
from lakehouse.silver import pending as silver_pending

if TYPE_CHECKING:  # what needs Spark or the connector is loaded when there is work for it
    Session = Callable[[], "SparkSession"]

    from pyspark.sql import SparkSession

    from lakehouse.publish.job import Published


def progress_of_landing(say: Say) -> Callable[[str, int, int], None]:
    """Progress of landing: every file of a few, every twentieth of many."""

    def progress(name: str, done: int, of: int) -> None:
        if of <= 20 or done % 20 == 0:
            say(f"bronze: {name} ({done + 1} of {of})")

    return progress


def into_silver(lake: Lake, source: str, wait: bool, say: Say) -> list[Accounting]:
    """Silver, where anything is pending; else no session is started."""
    if not silver_pending.is_pending(lake, source):
        return []
    from lakehouse.silver.job import bring_to_silver

    spark = spark_session(lake, say)

    def begun(landing: ledger.Landing, place: int, of: int) -> None:
        say(f"silver: {landing.file_name} ({landing.records} rows, {place + 1} of {of})")

    return bring_to_silver(spark, lake, source, wait=wait, say=say, begun=begun)


def into_gold(lake: Lake, wait: bool, say: Say, session: "Session | None" = None) -> tuple[Release | None, bool]:
    """The release that follows from silver, and whether it is new.

    Where silver has nothing new it is the one there is, without a session.
    """
    before = newest(lake)
    if not gold_pending.is_pending(lake):
        return before, False
    from lakehouse.gold.job import bring_to_gold

    spark = session() if session else spark_session(lake, say)
    release = bring_to_gold(spark, lake, wait=wait, say=say)
    return release, is_new(release, before)


def into_warehouse(lake: Lake, wait: bool, say: Say, *, full: bool = False) -> "Published | None":
    """The newest release, published where it is not there yet; the warehouse itself is asked, not a record of it."""
    from lakehouse.publish.job import publish

    return publish(lake, full=full, wait=wait, say=say)


def spark_session(lake: Lake, say: Say) -> "SparkSession":
    """The one session of a run, started where none is there yet."""
    from pyspark.sql import SparkSession

    if SparkSession.getActiveSession() is None:
        say("starting Spark")
    return session_for(lake)
