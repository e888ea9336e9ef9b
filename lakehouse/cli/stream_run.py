"""`lakehouse stream run`: events to bronze, silver, gold and the warehouse, in one process.

In: options. Out: what the jobs do, told together. Guaranteed: SIGTERM and Ctrl-C let what is under way be finished; the
exit code is 1 where any of them failed.
"""

from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.load import AS_JSON, NO_WAIT, published_told, release_told
from lakehouse.cli.show import document, sentence, shown, working
from lakehouse.cli.stopping import asked_to_stop, session_of
from lakehouse.cli.stream_look import EVERY, PATIENCE, SKIP_LOST, TOPIC
from lakehouse.cli.stream_silver import MOST, as_document, told

if TYPE_CHECKING:  # loaded when the command runs
    from collections.abc import Callable

    from pyspark.sql import SparkSession

    from lakehouse.gold.release import Release
    from lakehouse.publish.job import Published
    from lakehouse.streams.bronze.sink import Landed
    from lakehouse.streams.silver.job import Processed


@click.command()
@TOPIC
@click.option("--once", is_flag=True, help="Take what the topic holds now as far as the warehouse, and end.")
@EVERY
@click.option(
    "--gold-every",
    type=click.FloatRange(1, 86_400),
    default=300.0,
    show_default=True,
    help="Seconds from one release of gold, published, to the next.",
)
@click.option(
    "--most", type=click.IntRange(min=1), default=MOST, show_default=True, help="About so many messages a batch."
)
@PATIENCE
@SKIP_LOST
@NO_WAIT
@AS_JSON
@click.pass_obj
def run(
    env: str | None, topic: str | None, once: bool, every: float, gold_every: float, most: int, patience: float,
    skip_lost: bool, no_wait: bool, as_json: bool,
) -> int:  # fmt: skip
    """Bring the events of a topic to the warehouse, until SIGTERM or Ctrl-C; with --once, those that are there."""
    from lakehouse import road
    from lakehouse.ops import runs
    from lakehouse.runtime.lake import open_lake
    from lakehouse.streams.bronze.job import Wanted
    from lakehouse.streams.bronze.sink import Landed
    from lakehouse.streams.pace import Pace
    from lakehouse.streams.silver.job import Job, Processed
    from lakehouse.streams.together import Together, run_together

    lake = open_lake(env)
    name, pace = topic or lake.settings.kafka.topic, Pace(every=None if once else every, most=most)
    landed, done, further = Landed(topic=name), Processed(topic=name), Further()
    with working() as say, asked_to_stop() as stop, runs.recorded(lake, runs.STREAM_RUN, name) as record:

        def bring_on(session: "Callable[[], SparkSession]") -> None:
            further.release, new = road.to_gold(env, say=say, session=session)
            further.releases += new
            further.published = road.to_warehouse(env, say=say)

        job = Job(
            session=session_of(lake, stop, lasting=not once),
            lake=lake,
            topic=name,
            pace=pace,
            done=done,
            stop=stop,
            wait=not no_wait,
            say=say,
        )
        wanted = Wanted(topic=name, pace=pace, patience=patience, skip_lost=skip_lost)
        together = Together(wanted=wanted, landed=landed, silver=job, further=bring_on, further_every=gold_every)
        try:
            run_together(together)
        finally:
            record.batches, record.rows_in = done.batches, landed.rows
    _tell(landed, done, further, stopped=stop.is_set(), as_json=as_json)
    return 1 if done.held else 0


class Further:
    """What followed silver: how many releases, the newest, and its publication."""

    def __init__(self) -> None:
        self.releases = 0
        self.release: Release | None = None
        self.published: Published | None = None


def _tell(landed: "Landed", done: "Processed", further: Further, *, stopped: bool, as_json: bool) -> None:
    if as_json:
        silver = as_document(done)
        gold: dict[str, Any] = {"releases": further.releases, "release": further.release}
        bronze = {"topic": landed.topic, "batches": landed.batches, "rows": landed.rows}
        both = {"bronze": bronze, "silver": silver, "gold": gold, "published": further.published}
        document({"ok": not done.held, **both, "stopped": stopped})
        return
    sentence(f"topic {landed.topic}: {shown(landed.rows)} event(s) landed in {shown(landed.batches)} batch(es)")
    told(done, stopped=stopped, as_json=False)
    if further.release is not None:
        sentence(release_told(further.release, further.releases > 0), good=True)
    if further.published is not None:
        sentence(published_told(further.published), good=True)
