"""Contract → what the JSON of an event looks like: for who writes events, who reads them, and the documentation.

In: the contract of a table of messages and the source whose lines its events tell. Out: an `EventSchema`. Guaranteed:
pure; the fields stand in the order in which an event is written, and each is described by its contract or source.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from lakehouse.contract.events import DELETE, ROW, VERSION
from lakehouse.contract.model import Catalog, Source, SourceType, Table

Json = Literal["string", "number"]

JSON_TYPES: Mapping[SourceType, Json] = MappingProxyType(
    {"text": "string", "integer": "number", "money": "string", "date": "string", "timestamp": "string"}
)
"""What carries each type in JSON; money is a string, as a JSON number is a float to most who read it."""

FORMS: Mapping[SourceType, str] = MappingProxyType(
    {
        "text": "any text",
        "integer": "a whole number of 64 bits, without point and exponent",
        "money": "digits, at most 14 before and 6 after the point, such as `-12.5`",
        "date": "ISO 8601, such as `2024-02-29`",
        "timestamp": "ISO 8601 with a zone, such as `2024-02-29T06:00:00.000000Z`",
    }
)
"""How a value of each type is written."""

MOMENT = "yyyy-MM-dd HH:mm:ss.SSSSSS"
"""How the reader of events hands a timestamp on: in UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonField:
    """One field: its name, type and what carries it in JSON; `values` are the only texts it may have.

    `upsert` and `delete` say whether an event of that kind must have it, and not as null.
    """

    name: str
    type: SourceType
    json: Json
    upsert: bool
    delete: bool
    description: str = ""
    values: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """How its value is written, in words."""
        return " or ".join(f"`{value}`" for value in self.values) or FORMS[self.type]


@dataclass(frozen=True, kw_only=True)
class EventSchema:
    """The JSON object of an event: `schema_version`, the fields around the row, and `row` with the row's own.

    `keys` are the fields of the row that identify a sale line within `source`; a delete is read no further.
    """

    version: int
    source: str
    around: tuple[JsonField, ...]
    row: tuple[JsonField, ...]
    keys: tuple[str, ...]

    @cached_property
    def names_around(self) -> frozenset[str]:
        """All that an event may have beside what its row has, and the row."""
        return frozenset({VERSION, ROW, *(f.name for f in self.around)})

    @cached_property
    def names_of_row(self) -> frozenset[str]:
        """All that a row may have."""
        return frozenset(f.name for f in self.row)

    @cached_property
    def keys_of_row(self) -> tuple[JsonField, ...]:
        """What is read of a delete."""
        return tuple(f for f in self.row if f.delete)

    @cached_property
    def verbatim(self) -> frozenset[str]:
        """The fields of the row whose text is what JSON has, whatever it says."""
        return frozenset(f.name for f in self.row if f.type in ("text", "money"))

    def required(self, op: str) -> frozenset[str]:
        """The fields of the row that an event of that kind must have."""
        return frozenset(f.name for f in self.row if (f.delete if op == DELETE else f.upsert))


def event_schema(catalog: Catalog, table: Table) -> EventSchema:
    """What the events of a table of messages look like.

    Raises:
        ValueError: its contract has no event.
    """
    if table.event is None:
        raise ValueError(f"the contract of {table.name} has no event")
    source = catalog.sources[table.event.fields_of]
    around = (
        JsonField(
            name=f.name,
            type=f.type,
            json=JSON_TYPES[f.type],
            upsert=f.required,
            delete=f.required,
            description=f.description,
            values=f.values,
        )
        for f in table.event.fields
    )
    told = {c.name: c.description for c in catalog.tables[source.table].columns}
    row = (
        JsonField(
            name=c.name,
            type=c.type,
            json=JSON_TYPES[c.type],
            upsert=c.required,
            delete=c.name in source.keys,
            description=told.get(c.name, ""),
        )
        for c in source.columns
    )
    return EventSchema(
        version=table.event.schema_version,
        source=source.name,
        around=tuple(around),
        row=tuple(row),
        keys=source.keys,
    )


def as_told_by_events(source: Source) -> Source:
    """The source with the forms that its values have in events, whatever those of its files are."""
    moments = (MOMENT,) if any(column.type == "timestamp" for column in source.columns) else ()
    return replace(source, decimal=".", thousands=None, date_formats=("yyyy-MM-dd", *moments))
