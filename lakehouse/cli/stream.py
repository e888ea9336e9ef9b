"""`lakehouse stream`: events of Kafka into bronze, and how far they are.

In: options. Out: rows of `bronze.sales_events`, and sentences or one JSON document about them. Guaranteed: SIGTERM and
Ctrl-C let the batch under way be finished.
"""

from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.jobs import DEBUG, ENV, HELP
from lakehouse.cli.load import AS_JSON, NO_WAIT
from lakehouse.cli.show import document, sentence, shown, working
from lakehouse.cli.stopping import asked_to_stop, session_of
from lakehouse.cli.stream_look import EVERY, PATIENCE, SKIP_LOST, TOPIC, expire, status
from lakehouse.cli.stream_run import run
from lakehouse.cli.stream_silver import silver
from lakehouse.errors import UsageError

if TYPE_CHECKING:  # loaded when a command runs
    from lakehouse.runtime.lake import Lake
    from lakehouse.streams.bronze.job import Wanted
    from lakehouse.streams.bronze.sink import Landed

OPTIONS = (
    TOPIC,
    click.option("--once", is_flag=True, help="Land what the topic holds now, and end."),
    EVERY,
    click.option("--most", type=click.IntRange(min=1), default=500_000, show_default=True,
                 help="So many offsets a batch, at most."),
    PATIENCE,
    SKIP_LOST,
    NO_WAIT,
    AS_JSON,
)  # fmt: skip


def _options(command: click.decorators.FC) -> click.decorators.FC:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.group()
def stream() -> None:
    """Events of Kafka: into bronze as they came, each committed one once; from there into silver."""


stream.add_command(status)
stream.add_command(expire)
stream.add_command(silver)
stream.add_command(run)


@stream.command()
@_options
@click.pass_obj
def bronze(env: str | None, /, as_json: bool, no_wait: bool, **given: Any) -> int:
    """Land the events of a topic in `bronze.sales_events`, until SIGTERM or Ctrl-C; with --once, what is there now."""
    return _land(env, given, as_json=as_json, wait=not no_wait)


@click.command(context_settings=HELP)
@ENV
@_options
@DEBUG
def kafka_to_bronze(env: str | None, as_json: bool, no_wait: bool, debug: bool, **given: Any) -> int:
    """Land the events of a topic in `bronze.sales_events`: what `lakehouse stream bronze` does."""
    return _land(env, given, as_json=as_json, wait=not no_wait)


def _land(env: str | None, given: dict[str, Any], *, as_json: bool, wait: bool) -> int:
    """Land, recorded as a run, and tell what came of it."""
    from lakehouse.ops import runs
    from lakehouse.runtime.lake import open_lake
    from lakehouse.streams.bronze.job import land_events
    from lakehouse.streams.bronze.sink import Landed

    lake = open_lake(env)
    wanted = _wanted(lake, **given)
    landed = Landed(topic=wanted.topic)
    with working() as say, asked_to_stop() as stop, runs.recorded(lake, runs.STREAM, wanted.topic) as run:
        try:
            land_events(
                session_of(lake, stop, lasting=wanted.pace.every is not None),
                lake,
                wanted,
                landed,
                stop=stop,
                wait=wait,
                say=say,
            )
        finally:
            run.batches, run.rows_in = landed.batches, landed.rows
    _tell(landed, stopped=stop.is_set(), as_json=as_json)
    return 0


def _wanted(
    lake: "Lake", *, topic: str | None, once: bool, every: float, most: int, patience: float, skip_lost: bool
) -> "Wanted":
    """What is wanted, checked.

    Raises:
        UsageError: the name is none of a topic.
    """
    from lakehouse.runtime.kafka_settings import topic_fault
    from lakehouse.streams.bronze.job import Wanted
    from lakehouse.streams.pace import Pace

    name = topic or lake.settings.kafka.topic
    if fault := topic_fault(name):
        raise UsageError(f"--topic {name[:60]!r} {fault}")
    pace = Pace(every=None if once else every, most=most)
    return Wanted(topic=name, pace=pace, patience=patience, skip_lost=skip_lost)


def _tell(landed: "Landed", *, stopped: bool, as_json: bool) -> None:
    if as_json:
        gaps = [{"partition": gap.partition, "first": gap.first, "end": gap.end} for gap in landed.gaps]
        told = {
            "topic": landed.topic,
            "batches": landed.batches,
            "rows": landed.rows,
            "seconds": round(landed.seconds, 2),
        }
        document({"ok": True, **told, "stopped": stopped, "lost": gaps})
        return
    told_of = f"topic {landed.topic}: {shown(landed.rows)} event(s) landed in {shown(landed.batches)} batch(es)"
    lost = sum(gap.end - gap.first for gap in landed.gaps)
    sentence(f"{told_of}{f', {shown(lost)} offset(s) were gone' if lost else ''}", good=not lost)
