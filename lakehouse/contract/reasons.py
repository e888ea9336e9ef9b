"""Why a row may be kept out: each rule of a feed by name, with the columns it asks and what is wrong, in words.

In: a source, the contract of its table, the calendar's years. Out: `Reason`s by name. Guaranteed: pure, without
pyspark; the rules that judge rows take their names from here, so that there is no reason that is not told.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lakehouse.contract.derive.event_schema import EventSchema
from lakehouse.contract.model import Expectation, Source, SourceColumn, Table
from lakehouse.contract.reading import DECIMALS

STRUCTURAL_ERRORS: Mapping[str, str] = {
    "unbalanced_quote": "a quote is not closed",
    "malformed_quote": "text stands after a closing quote",
    "ragged": "more or fewer fields than the header",
    "undecodable": "bytes that the file's encoding does not have",
}
"""What the reader may say of a record; such a record has no fields, and no other rule is asked."""

EVENT_ERRORS: Mapping[str, str] = {
    "value_missing": "the message has no value",
    "not_utf_8": "bytes or escapes that are no UTF-8",
    "not_json": "not one JSON text",
    "not_an_object": "JSON, but no object",
    "duplicate_field": "a field stands twice",
    "unknown_schema_version": "schema_version is missing, or is not one that the contract knows",
    "event_time_ahead": "event_time is more than 5 minutes after Kafka's time of the message",
    "row_malformed": "row is missing, or is no object",
}
"""What the reader of messages may say of one, beside `<field>_malformed` of the fields around the row."""

UNKNOWN_FIELD = "unknown_field"
"""The warning of an event that has a field which its contract does not know."""

BROKEN: Mapping[str, str] = {
    "one_of": "not one of {values}",
    "between": "not between {min} and {max}",
    "at_least": "less than {min}",
    "not_equal": "must not be {value}",
    "not_before": "{column} before {other}",
    "matches": "not of the form {pattern}",
    "condition": "needs {condition}",
    "in_calendar": "not in the years {first_year} to {last_year}",
}
"""What is wrong where a check of a contract is broken; in braces its arguments, and the calendar's years."""

_WORD = re.compile(r"'[^']*'|[A-Za-z_]\w*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One rule that keeps rows out: its name, the columns it asks (none where it asks the record), what is wrong."""

    name: str
    columns: tuple[str, ...]
    words: str


def reasons(
    source: Source, table: Table, years: tuple[int, int], event: EventSchema | None = None
) -> dict[str, Reason]:
    """All rules that keep rows of a source out, by name: of the reader, of columns, of the source and of the table.

    Args:
        years: the first and the last one of the calendar.
        event: what its events look like, where the rows are events and not records of files.
    """
    known = {c.name for c in source.columns} | {c.name for c in table.columns}
    told = list(_of_records() if event is None else _of_events(event))
    told += _implied(source, table)
    for expectation in (*source.expectations, *table.expectations):
        if expectation.on_fail == "quarantine":
            columns = tuple(name for name in _asked(expectation) if name in known)
            told.append(Reason(name=expectation.name, columns=columns, words=_words(expectation, years)))
    return {reason.name: reason for reason in told}


def _of_records() -> Iterator[Reason]:
    return (Reason(name=name, columns=(), words=words) for name, words in STRUCTURAL_ERRORS.items())


def _of_events(event: EventSchema) -> Iterator[Reason]:
    """What the reader of messages may find; a field of the row that is no text must be one, too."""
    yield from (Reason(name=name, columns=(), words=words) for name, words in EVENT_ERRORS.items())
    for field in event.around:
        yield Reason(name=f"{field.name}_malformed", columns=(), words=f"{field.name} must be there, as {field.form}")
    for field in event.row:
        if field.type == "text":
            yield Reason(name=f"{field.name}_unreadable", columns=(field.name,), words="not a text")


def _implied(source: Source, table: Table) -> Iterator[Reason]:
    """What `required` and types imply; a name may come twice, with the same words."""
    own = {c.name for c in source.columns}
    for name in (c.name for c in source.columns if c.required):
        yield Reason(name=f"{name}_missing", columns=(name,), words="must not be empty")
    for column in source.columns:
        if column.type != "text":
            yield Reason(name=f"{column.name}_unreadable", columns=(column.name,), words=_unread(source, column))
    for name in (c.name for c in table.business_columns if c.required):
        words = "must not be empty" if name in own else "cannot be made from this row"
        yield Reason(name=f"{name}_missing", columns=(name,), words=words)


def _unread(source: Source, column: SourceColumn) -> str:
    """What a text is not that cannot be read as its type."""
    if column.type in ("date", "timestamp"):
        return f"not a {'date' if column.type == 'date' else 'moment'} as {' or '.join(source.date_formats)}"
    if column.type == "integer":
        return "not a whole number"
    return f"not a number of at most 14 digits and 6 decimals, decimal {DECIMALS[source.decimal]}"


def _asked(expectation: Expectation) -> Iterator[str]:
    """What an expectation names and may be a column: its arguments, and the words of a condition outside of quotes."""
    yield from (str(expectation.arguments[name]) for name in ("column", "other") if name in expectation.arguments)
    yield from dict.fromkeys(_WORD.findall(str(expectation.arguments.get("condition", ""))))


def _words(expectation: Expectation, years: tuple[int, int]) -> str:
    told = dict(expectation.arguments)
    if isinstance(values := told.get("values"), list):
        told["values"] = ", ".join(map(str, values))
    return BROKEN[expectation.check].format(**told, first_year=years[0], last_year=years[1])
