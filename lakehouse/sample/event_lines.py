"""The sale lines that sample events are about: those that the sample's files bring, and those that events bring.

In: rows and a seed, the same as of the files. Out: CSV lines, and the row of an event from one. Guaranteed: a line of
the files is the line as the files have it first; lines of events and of garbage have row ids that no file has; any line
is made without those before its block.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from lakehouse.contract.derive.event_schema import EventSchema
from lakehouse.sample.lines import Span, line_at
from lakehouse.sample.plan import Plan, plan_days
from lakehouse.sample.records import COLUMNS, fields
from lakehouse.streams.event import Value

FIRST_OF_EVENTS = 1_000_000_001
FIRST_OF_GARBAGE = 2_000_000_001
"""Where the row ids of lines begin that events bring, and of those in garbage."""

BLOCK = 10_000
"""Lines that events bring span the same month again and again, so many lines each time."""

_FIRST_DAY = date(2024, 4, 1).toordinal()
_NAMES = tuple(name.lower().replace(" ", "_").replace("-", "_") for name in COLUMNS)
_AROUND = 400
"""Lines of files that events are about come from a window of so many, which moves on: their blocks are kept."""


@dataclass(frozen=True, kw_only=True)
class EventLines:
    """The lines there are, by number."""

    plan: Plan

    def of_files(self, rng: Random, number: int) -> str:
        """A line that the first or the second file brings, from a window that moves on with the number of the event."""
        span = self.plan.history if rng.random() < 0.8 else self.plan.second
        start = number // _AROUND * 7_919 * _AROUND
        return line_at(self.plan.world, span, (start + rng.randrange(_AROUND)) % span.rows)

    def of_events(self, number: int, first: int = FIRST_OF_EVENTS) -> str:
        """The line with this number, from 0, among those that events bring."""
        block, offset = divmod(number, BLOCK)
        span = Span(first_row=first + block * BLOCK, rows=BLOCK, first_day=_FIRST_DAY, days=30)
        return line_at(self.plan.world, span, offset)


def event_lines(*, rows: int, seed: int) -> EventLines:
    """The lines of events in the world of the sample with so many rows and that seed."""
    return EventLines(plan=plan_days(rows, seed))


def row_of(line: str, schema: EventSchema) -> dict[str, Value]:
    """A CSV line as the row of an event: typed, an empty field None."""
    texts = dict(zip(_NAMES, fields(line), strict=True))
    return {f.name: _READ[f.type](texts[f.name]) if texts[f.name] else None for f in schema.row}


_READ: Mapping[str, Callable[[str], Value]] = {
    "text": str,
    "integer": int,
    "money": Decimal,
    "date": date.fromisoformat,
}
