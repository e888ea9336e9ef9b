"""What a table and a feed are: frozen declarations that YAML is loaded into and everything else is derived from.

In: nothing. Out: dataclasses without behaviour beyond look-ups. Guaranteed: no import of pyspark, so that
DAGs, documentation and tests can read contracts without a JVM.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Type = Literal[
    "text", "integer", "money", "date", "timestamp", "boolean", "binary", "texts", "counts", "named_texts", "headers"
]
"""Column types: `money` is DECIMAL(20,6); `texts` a list of text; `counts` a map from text to integer,
`named_texts` one from text to text; `headers` a list of Kafka's headers, each a text as key and binary as value."""

SourceType = Literal["text", "integer", "money", "date", "timestamp"]
"""What the text of a file's field can be read as."""

OnFail = Literal["warn", "quarantine", "abort"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of a table: its name, type, whether a live row must have it, what it means, tags such as `pii`.

    Three are for dimensions with history: `null_is` says whether an observed NULL is a value or means that nobody
    said; `told_by` names the sources whose word counts (all, where empty); `false_for` lists, by source, the
    natural keys, as regular expressions, for which a boolean is false.
    """

    name: str
    type: Type
    description: str
    required: bool = False
    tags: tuple[str, ...] = ()
    null_is: Literal["unknown", "value"] = "value"
    told_by: tuple[str, ...] = ()
    false_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """One rule about a row: a check of `rules.CHECKS` with its arguments, and what happens to a row that fails it.

    `warn` counts and passes, `quarantine` keeps the row out and stores it, `abort` holds the whole batch.
    """

    name: str
    check: str
    arguments: Mapping[str, object]
    on_fail: OnFail
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventField:
    """One field around the row of an event: its name, type, whether it must be there, the only texts it may have."""

    name: str
    type: SourceType
    description: str
    required: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What a table of messages holds in one binary `column`: a JSON object of a `schema_version`.

    `fields` are those around the row; `fields_of` names the source whose columns are the row's fields.
    """

    description: str
    column: str
    schema_version: int
    fields: tuple[EventField, ...]
    fields_of: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The contract of one table: `layer.name`, its grain in the description, columns, keys, order, layout, rules.

    `sequence_by` orders statements about one key; `apply_as_deletes` names the boolean column that marks a
    tombstone, whose business columns are NULL; `inputs` are the tables it is built from, without a cycle; `event`
    is what a table of messages holds.
    """

    name: str
    description: str
    owner: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    sequence_by: tuple[str, ...] = ()
    apply_as_deletes: str | None = None
    cluster_by: tuple[str, ...] = ()
    partition_by: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    scd: Literal[1, 2] = 1
    track_history: tuple[str, ...] = ()
    evolution: Literal["freeze", "evolve"] = "freeze"
    freshness_hours: int | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    expectations: tuple[Expectation, ...] = ()
    event: Event | None = None

    @property
    def layer(self) -> str:
        """`silver` of `silver.sales`."""
        return self.name.partition(".")[0]

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        return {c.name: c for c in self.columns}[name]

    @property
    def business_columns(self) -> tuple[Column, ...]:
        """Columns that say something about the business: not keys, not the order, not technical (`_…`)."""
        told_apart = {*self.keys, *self.sequence_by, self.apply_as_deletes}
        return tuple(c for c in self.columns if c.name not in told_apart and not c.name.startswith("_"))


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceColumn:
    """One column of a feed: its header in the file, its name from there on, its type, whether a row needs it.

    `in_file` says whether a file without that column is still a file of the source.
    """

    name: str
    header: str
    type: SourceType
    required: bool = False
    in_file: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One feed: how its files are read, which columns they have, what makes a sale line, which rules are its own.

    `keys` of one text column are the sale line's identifier as it stands; of several, their hash.
    `fixed_by_key` names columns of the table that cannot change while the key stays: only they may narrow a MERGE.
    `natural_keys` names, by dimension with history, the columns of the table that its key is made of.
    """

    name: str
    description: str
    table: str
    columns: tuple[SourceColumn, ...]
    keys: tuple[str, ...]
    fixed_by_key: tuple[str, ...] = ()
    natural_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str = "."
    thousands: str | None = None
    date_formats: tuple[str, ...] = ("yyyy-MM-dd",)
    as_of_pattern: str | None = None
    as_of_format: str | None = None
    expectations: tuple[Expectation, ...] = ()

    def column(self, name: str) -> SourceColumn:
        """The column of that name; KeyError where there is none."""
        return {c.name: c for c in self.columns}[name]


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalog:
    """All contracts and sources of a configuration folder, checked against one another."""

    tables: Mapping[str, Table]
    sources: Mapping[str, Source]

    def natural_key(self, dimension: str) -> dict[str, tuple[str, ...]]:
        """The columns that the key of a dimension is made of, by source."""
        return {s.name: s.natural_keys[dimension] for s in self.sources.values() if dimension in s.natural_keys}
