"""What a contract says of the event in a message, checked: the column it is in, the fields around its row, the row's.

In: the contract of a table and its event. Out: findings with their path in the contract's file. Guaranteed: with
none, the fields that the product goes by are there with their types, and nothing has the name of the row.
"""

from collections.abc import Collection, Iterator, Mapping

from lakehouse.contract.model import Event, Table

VERSION = "schema_version"
ROW = "row"
UPSERT, DELETE = "upsert", "delete"

NEEDED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "event_id": ("text", ()),
    "event_time": ("timestamp", ()),
    "op": ("text", (UPSERT, DELETE)),
}
"""The fields around the row that the product goes by: the type of each, and the only texts it may have."""


def findings(table: Table, event: Event, feeds: Collection[str]) -> Iterator[str]:
    """What is wrong with the event of a table's contract; `feeds` are the sources that are declared."""
    if {c.name: c.type for c in table.columns}.get(event.column) != "binary":
        yield f"event.column: there is no binary column {event.column!r}"
    if event.schema_version < 1:
        yield "event.schema_version: must be 1 or more"
    if event.fields_of not in feeds:
        yield f"event.fields_of: there is no source {event.fields_of!r}"
    yield from _needed(event)
    for field in event.fields:
        if field.name in (VERSION, ROW):
            yield f"event.fields.{field.name}: is there by itself; give the field another name"
        if field.values and field.type != "text":
            yield f"event.fields.{field.name}.values: only a text has values to choose from"


def _needed(event: Event) -> Iterator[str]:
    """The fields that the product goes by, as they must be."""
    declared = {field.name: field for field in event.fields}
    for name, (type_, values) in NEEDED.items():
        if (field := declared.get(name)) is None:
            yield f"event.fields.{name}: is missing"
            continue
        if field.type != type_:
            yield f"event.fields.{name}.type: must be {type_}"
        if field.values != values:
            yield f"event.fields.{name}.values: must be {', '.join(values) or 'left out'}"
        if not field.required:
            yield f"event.fields.{name}.required: must be true"
