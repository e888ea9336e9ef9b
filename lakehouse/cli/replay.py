"""`lakehouse replay`: what has landed is judged once more.

In: a span of messages. Out: the accounting of the batch, and what followed from it. Guaranteed: under unchanged rules
nothing but the accounting changes.
"""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from lakehouse.cli.load import AS_JSON, NO_WAIT, TO, published_told, release_told
from lakehouse.cli.show import document, sentence, table, working
from lakehouse.cli.stream_look import TOPIC

if TYPE_CHECKING:  # loaded when the command runs
    from lakehouse.ops.accounting import Accounting
    from lakehouse.road import Stage


class Moment(click.ParamType[datetime]):
    """A moment as ISO 8601 has it, UTC where no zone is told."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment."""
        from lakehouse.bronze.arrivals import parse_as_of

        option = param.opts[0] if param is not None else "the moment"
        return value if isinstance(value, datetime) else parse_as_of(str(value), option)


@click.group()
def replay() -> None:
    """What has landed, judged once more: after a rule was mended, or to see that nothing changes."""


@replay.command()
@TOPIC
@click.option("--partition", type=click.IntRange(min=0), help="Only this one.  [default: all]")
@click.option("--from-offset", type=click.IntRange(min=0), help="From this offset on, in each partition.")
@click.option("--to-offset", type=click.IntRange(min=0), help="Up to this offset, itself included.")
@click.option("--from-time", type=Moment(), help="From this moment on, Kafka's of the message; ISO 8601, UTC.")
@click.option("--to-time", type=Moment(), help="Up to this moment, itself included.")
@TO
@NO_WAIT
@AS_JSON
@click.pass_obj
def events(
    env: str | None, topic: str | None, partition: int | None, from_offset: int | None, to_offset: int | None,
    from_time: datetime | None, to_time: datetime | None, to: "Stage", no_wait: bool, as_json: bool,
) -> int:  # fmt: skip
    """Judge a span of landed messages once more; a message in quarantine that passes now goes into silver."""
    from lakehouse import road
    from lakehouse.bronze.messages import Asked
    from lakehouse.errors import UsageError
    from lakehouse.ops import runs
    from lakehouse.ops.accounting import HELD
    from lakehouse.ops.spark import session_for
    from lakehouse.runtime.lake import open_lake
    from lakehouse.streams.silver.again import judge_again, replayable

    if from_offset is None and from_time is None:
        raise UsageError("say from where on: --from-offset N or --from-time MOMENT")
    asked = Asked(
        partition=partition, from_offset=from_offset, to_offset=to_offset, from_time=from_time, to_time=to_time
    )
    lake = open_lake(env)
    name = topic or lake.settings.kafka.topic
    spans = replayable(lake, name, asked)
    with working() as say:
        with runs.recorded(lake, runs.REPLAY, name) as run:
            say("starting Spark")
            closed = judge_again(session_for(lake), lake, spans, wait=not no_wait, say=say)
            run.count([closed])
        release, new = road.to_gold(env, wait=not no_wait, say=say) if to != "silver" else (None, False)
        published = road.to_warehouse(env, wait=not no_wait, say=say) if to == "warehouse" else None
    if as_json:
        gold = {"new_release": new, "release": release, "published": published}
        document({"ok": closed.status != HELD, "accounting": closed.row(), **gold})
    else:
        _show(closed)
        if release is not None:
            sentence(release_told(release, new), good=True)
        if published is not None:
            sentence(published_told(published), good=True)
    return 1 if closed.status == HELD else 0


def _show(closed: "Accounting") -> None:
    from lakehouse.ops.accounting import CLASSES, HELD

    classes = [name for name in CLASSES if closed.classes.get(name)]
    rows = [[closed.topic, closed.offsets, closed.rows_in, *(closed.classes[name] for name in classes)]]
    table("Accounting of the replay", ["topic", "offsets", "rows_in", *classes], rows)
    if closed.status == HELD:
        sentence(f"a gate holds it ({closed.reason}): lakehouse accept {closed.batch_id} lets it pass", good=False)
    if count := closed.classes.get("regressed"):
        sentence(f"{count} message(s) were accepted once and break a rule of today: they stay in silver", good=False)
