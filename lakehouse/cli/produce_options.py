"""The options of `lakehouse produce`, and the messages that they ask for.

In: a call. Out: its options by name; messages without end. Guaranteed: shares that are none, and a moment that is none,
are refused before anything is sent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.load import AS_JSON
from lakehouse.errors import UsageError

if TYPE_CHECKING:  # loaded when the command runs
    from datetime import datetime

    from lakehouse.streams.message import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The options of a call, by name."""

    events: int
    seed: int
    sample_rows: int
    now: str | None
    duplicates: float
    late: float
    corrections: float
    deletes: float
    garbage: float
    topic: str | None
    partitions: int | None
    transactional_id: str
    transaction_size: int
    interval: float | None
    rate: float | None
    patience: float
    abort: float
    oracle: Path | None


class Finite(click.FloatRange):
    """A number within bounds, of which none is infinite or no number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As click does, and then what it lets pass."""
        number = float(super().convert(value, param, ctx))
        if not isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


def _share(name: str, default: float, help: str) -> Callable[[click.decorators.FC], click.decorators.FC]:
    return click.option(f"--{name}", type=float, default=default, show_default=True, help=help)


OPTIONS = (
    click.option("--events", type=click.IntRange(min=0), default=1_000, show_default=True, help="How many; 0: no end."),
    click.option("--seed", default=7, show_default=True, help="The same seed tells the same."),
    click.option("--sample-rows", type=click.IntRange(min=200), default=10_000, show_default=True,
                 help="Events are about lines of the sample with so many --rows and that --seed."),
    click.option("--now", help="Event times begin at this moment, ISO 8601, UTC, and so are the same each time."),
    _share("duplicates", 0.03, "Share of events that were sent before."),
    _share("late", 0.05, "Share of events that are days old."),
    _share("corrections", 0.15, "Share of events that say otherwise of a line that a file or an event brought."),
    _share("deletes", 0.03, "Share of events that delete such a line, or bring back a deleted one."),
    _share("garbage", 0.01, "Share of messages that are no event, or a wrong one."),
    click.option("--topic", help="Where to.  [default: the setting kafka.topic]"),
    click.option("--partitions", type=click.IntRange(min=1), help="Make the topic with so many where it is missing."),
    click.option("--transactional-id", default="sales-event-producer", show_default=True,
                 help="Of two producers with the same, the later one ends the earlier."),
    click.option("--transaction-size", type=click.IntRange(1, 50_000), default=100, show_default=True,
                 help="Events of a transaction, at most."),
    click.option("--interval", type=Finite(min=0), help="Seconds from one transaction to the next."),
    click.option("--rate", type=Finite(min=0, min_open=True), help="Events a second, at most."),
    click.option("--patience", type=Finite(1, 600), default=60.0, show_default=True,
                 help="Seconds to try on when the broker does not answer any more."),
    click.option("--abort", type=Finite(0, 1), default=0.0, show_default=True,
                 help="Share of transactions that are aborted on purpose; their events are lost."),
    click.option("--oracle", type=click.Path(path_type=Path, dir_okay=False),
                 help="Append to this file where each committed event is, as JSON lines."),
    AS_JSON,
)  # fmt: skip


def options(command: click.decorators.FC) -> click.decorators.FC:
    """All options of the command, in the order above."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def messages_of(wanted: Wanted) -> "Iterator[Message]":
    """The messages without end.

    Raises:
        UsageError: a share is none, or they are too many together, or `--now` is no moment of the past.
    """
    from lakehouse.conf import conf_folder
    from lakehouse.contract.derive.event_schema import event_schema
    from lakehouse.contract.loader import load_catalog
    from lakehouse.sample.events import Shares, clock_from, clock_of_machine, sale_messages

    shares = Shares(
        duplicates=wanted.duplicates,
        late=wanted.late,
        corrections=wanted.corrections,
        deletes=wanted.deletes,
        garbage=wanted.garbage,
    )
    clock = clock_of_machine() if wanted.now is None else clock_from(_moment(wanted.now))
    catalog = load_catalog(conf_folder())
    schema = event_schema(catalog, catalog.tables["bronze.sales_events"])
    return sale_messages(schema, seed=wanted.seed, shares=shares, clock=clock, rows=wanted.sample_rows)


def _moment(text: str) -> "datetime":
    from datetime import UTC, datetime

    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--now {text!r} is no ISO 8601 moment such as 2024-06-01T06:00:00Z") from error
    moment = said.replace(tzinfo=said.tzinfo or UTC)
    if not datetime(2024, 6, 1, tzinfo=UTC) <= moment <= datetime.now(UTC):
        raise UsageError(f"--now {text} must lie between 2024-06-01, after the made-up orders, and now")
    return moment
