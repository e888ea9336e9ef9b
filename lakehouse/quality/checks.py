"""Row rules as Columns: what a source and the contract of its table expect of each row.

In: declarations. Out: `Rules`, an ordered list of names with the Column that is true where a row breaks them.
Guaranteed: pure, from the one SQL condition of `lakehouse.contract.rules`; a condition that is NULL is not broken.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from lakehouse.contract.derive.event_schema import EventSchema, as_told_by_events, event_schema
from lakehouse.contract.model import Expectation, Source, Table
from lakehouse.contract.reasons import UNKNOWN_FIELD, reasons
from lakehouse.contract.rules import sql_condition
from lakehouse.quality.names import names_where
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.setting_groups import CalendarSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The rules of one feed, bound to the calendar's range; `event` is there where its rows are events."""

    source: Source
    table: Table
    calendar: CalendarSettings
    event: EventSchema | None = None

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """Those of the source, then those of the table."""
        return (*self.source.expectations, *self.table.expectations)

    def names(self, on_fail: str) -> tuple[str, ...]:
        """The names of all rules with that consequence, `<column>_missing` and the like included."""
        if on_fail == "quarantine":
            years = (self.calendar.first_year, self.calendar.last_year)
            return tuple(reasons(self.source, self.table, years, self.event))
        noticed = (UNKNOWN_FIELD,) if on_fail == "warn" and self.event is not None else ()
        return (*noticed, *(e.name for e in self.expectations if e.on_fail == on_fail))

    def fingerprint(self) -> str:
        """A short hash of all that judges a row: it differs where any rule does."""
        years = [self.calendar.first_year, self.calendar.last_year]
        told = [asdict(self.source), asdict(self.table)["expectations"], years]
        told.append([c.name for c in self.table.business_columns if c.required])
        if self.event is not None:
            told.append(asdict(self.event))
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


def rules_of_files(lake: Lake, source: str) -> Rules:
    """The rules for records of files.

    Raises:
        UsageError: there is no such source.
    """
    feed = lake.source(source)
    return Rules(source=feed, table=lake.table(feed.table), calendar=lake.settings.calendar)


def rules_of_events(lake: Lake, messages: Table) -> Rules:
    """The rules for the events that a table of messages holds."""
    event = event_schema(lake.catalog, messages)
    feed = as_told_by_events(lake.source(event.source))
    return Rules(source=feed, table=lake.table(feed.table), calendar=lake.settings.calendar, event=event)


def violation(expectation: Expectation, calendar: CalendarSettings) -> SparkColumn:
    """True where a row breaks the expectation; never NULL."""
    condition = sql_condition(expectation)
    if expectation.check == "in_calendar":
        condition = condition.format(first_year=calendar.first_year, last_year=calendar.last_year)
    return ~F.coalesce(F.expr(condition), F.lit(True))


def broken(rules: Rules, on_fail: str) -> SparkColumn:
    """The names of the declared expectations with that consequence that a row breaks."""
    return names_where({e.name: violation(e, rules.calendar) for e in rules.expectations if e.on_fail == on_fail})
