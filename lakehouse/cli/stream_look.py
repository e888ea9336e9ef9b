"""`lakehouse stream status` and `stream expire`: how far events are, and days of them past their retention.

In: options. Out: tables and sentences, or one JSON document. Guaranteed: no Spark session is started.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from lakehouse.cli.expire import OLDER_THAN
from lakehouse.cli.load import AS_JSON, NO_WAIT
from lakehouse.cli.show import document, sentence, shown, table, working

TOPIC = click.option("--topic", help="Which topic.  [default: the setting kafka.topic]")
EVERY = click.option("--every", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True,
                     help="Seconds from the begin of one batch to the next.")  # fmt: skip
PATIENCE = click.option("--patience", type=click.FloatRange(0, 86_400), default=60.0, show_default=True,
                        help="Seconds to try on when brokers fail that have answered before.")  # fmt: skip
SKIP_LOST = click.option("--skip-lost", is_flag=True,
                         help="Go on behind events that were deleted before they were landed.")  # fmt: skip


@click.command()
@OLDER_THAN
@click.option("--delete", is_flag=True, help="Take them out of the table; else they are only listed.")
@NO_WAIT
@AS_JSON
@click.pass_obj
def expire(env: str | None, older_than: timedelta, delete: bool, no_wait: bool, as_json: bool) -> int:
    """List whole days of landed events past their retention; with --delete, take them out of the table for good."""
    from lakehouse.runtime.lake import open_lake
    from lakehouse.streams.bronze.expiry import expirable, expire

    lake, before = open_lake(env), (datetime.now(UTC) - older_than).date()
    if delete:
        with working() as say:
            days = expire(lake, before, wait=not no_wait, say=say)
    else:
        days = expirable(lake, before)
    if as_json:
        document({"ok": True, "deleted": delete, "days": days})
        return 0
    if days:
        rows = [(day.landing_day, day.events, day.bytes) for day in days]
        table("Expired" if delete else "Would expire", ["landing day", "events", "bytes"], rows)
    told = f"{len(days)} day(s), {shown(sum(day.events for day in days))} event(s)"
    sentence(
        f"expired {told}" if delete else f"{told} may go; nothing was changed: --delete takes them out",
        good=delete or None,
    )
    return 0


@click.command()
@TOPIC
@AS_JSON
@click.pass_obj
def status(env: str | None, topic: str | None, as_json: bool) -> int:
    """How far events are: the lag of each partition, silver's, how fresh gold is, rates, the last error."""
    from lakehouse.care.stream_status import stream_status_of
    from lakehouse.runtime.lake import open_lake

    lake = open_lake(env)
    told = stream_status_of(lake, topic or lake.settings.kafka.topic)
    if as_json:
        document(told)
    else:
        _show(told)
    return 0


def _show(told: dict[str, Any]) -> None:
    columns = ["partition", "end", "landed", "behind", "seconds"]
    table(f"Topic {told['topic']}", columns, ([one[name] for name in columns] for one in told["partitions"]))
    if batch := told["last_batch"]:
        rates = ", ".join(f"{shown(rate)} in the last {time}" for time, rate in told["events_per_second"].items())
        sentence(f"last batch: {shown(batch['rows'])} event(s) at {shown(batch['at'])}; events a second: {rates}")
    silver = told["silver"]
    names = ["processed", "quarantined", "behind", "seconds", "last_batch"]
    table("Silver", [name.replace("_", " ") for name in names], [[silver[name] for name in names]])
    if gold := told["gold"]:
        table("Gold", list(gold), [[*gold.values()]])
    if run := told["run"]:
        sentence(
            f"last run, {run['command']}: {run['status']}, begun {shown(run['started'])}, ended {shown(run['ended'])}"
        )
    if error := told["last_error"]:
        sentence(f"last error, {shown(error['ended'])}: {error['error']}", good=False)
    if told["refusal"]:
        sentence(told["refusal"], good=False)
    exact = all(one["exact"] for one in told["partitions"])
    behind = f"{'' if exact else 'at most '}{shown(told['behind'])} event(s)"
    bronze = f"{behind} behind in bronze, {shown(told['seconds'])} s"
    sentence(
        f"{bronze}; {shown(silver['behind'])} in silver, {shown(silver['seconds'])} s",
        good=not told["behind"] and not silver["behind"] and not told["refusal"],
    )
