"""`lakehouse stream silver`: landed messages into silver.

In: options. Out: accountings, and sentences or one JSON document about them. Guaranteed: SIGTERM and Ctrl-C let the
batch under way be finished.
"""

from typing import TYPE_CHECKING

import click

from lakehouse.cli.jobs import DEBUG, ENV, HELP
from lakehouse.cli.load import AS_JSON, NO_WAIT
from lakehouse.cli.show import document, sentence, shown, table, working
from lakehouse.cli.stopping import asked_to_stop, session_of
from lakehouse.cli.stream_look import EVERY, TOPIC

if TYPE_CHECKING:  # loaded when a command runs
    from lakehouse.streams.silver.job import Processed

MOST = 200_000
"""So many messages a batch, about."""

OPTIONS = (
    TOPIC,
    click.option("--once", is_flag=True, help="Process what has landed, and end."),
    EVERY,
    click.option("--most", type=click.IntRange(min=1), default=MOST, show_default=True,
                 help="About so many messages a batch."),
    NO_WAIT,
    AS_JSON,
)  # fmt: skip


def _options(command: click.decorators.FC) -> click.decorators.FC:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command()
@_options
@click.pass_obj
def silver(
    env: str | None, topic: str | None, once: bool, every: float, most: int, no_wait: bool, as_json: bool
) -> int:
    """Bring landed messages into silver, until SIGTERM or Ctrl-C; with --once, those that have landed."""
    return _process(env, topic, None if once else every, most, wait=not no_wait, as_json=as_json)


@click.command(context_settings=HELP)
@ENV
@_options
@DEBUG
def bronze_to_silver(
    env: str | None, topic: str | None, once: bool, every: float, most: int, no_wait: bool, as_json: bool, debug: bool
) -> int:
    """Bring landed messages into silver: what `lakehouse stream silver` does."""
    return _process(env, topic, None if once else every, most, wait=not no_wait, as_json=as_json)


def _process(env: str | None, topic: str | None, every: float | None, most: int, *, wait: bool, as_json: bool) -> int:
    """Process, recorded as a run, and tell what came of it."""
    from lakehouse.ops import runs
    from lakehouse.runtime.lake import open_lake
    from lakehouse.streams.pace import Pace
    from lakehouse.streams.silver.job import Job, Processed, process_events

    lake = open_lake(env)
    done = Processed(topic=topic or lake.settings.kafka.topic)
    with working() as say, asked_to_stop() as stop, runs.recorded(lake, runs.STREAM_SILVER, done.topic) as run:
        job = Job(
            session=session_of(lake, stop, lasting=every is not None),
            lake=lake,
            topic=done.topic,
            pace=Pace(every=every, most=most),
            done=done,
            stop=stop,
            wait=wait,
            say=say,
        )
        try:
            process_events(job)
        finally:
            run.batches, run.rows_in = done.batches, done.rows
    told(done, stopped=stop.is_set(), as_json=as_json)
    return 1 if done.held else 0


def told(done: "Processed", *, stopped: bool, as_json: bool) -> None:
    """What a job has processed."""
    if as_json:
        document({"ok": not done.held, **as_document(done), "stopped": stopped})
        return
    if done.rows:
        from lakehouse.ops.accounting import CLASSES

        classes = [name for name in CLASSES if done.classes[name]]
        table("Accounting", ["topic", "rows_in", *classes], [[done.topic, done.rows, *map(done.classes.get, classes)]])
    told_of = f"topic {done.topic}: {shown(done.rows)} message(s) into silver in {shown(done.batches)} batch(es)"
    sentence(f"{told_of}{f', {done.held} held by a gate' if done.held else ''}", good=not done.held)


def as_document(done: "Processed") -> dict[str, object]:
    """The same for machines."""
    from lakehouse.ops.accounting import CLASSES

    return {
        "topic": done.topic,
        "batches": done.batches,
        "held": done.held,
        "rows_in": done.rows,
        "classes": {name: done.classes[name] for name in CLASSES},
        "warnings": dict(done.warnings),
        "seconds": round(done.seconds, 2),
    }
