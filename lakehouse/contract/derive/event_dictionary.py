"""The event of a contract → its section of the data dictionary, with an example of each kind.

In: a catalog and a table of messages. Out: Markdown, nothing for a table without an event. Guaranteed: pure; the
examples have every field there is, in the order in which events are written.
"""

import json

from lakehouse.contract.derive.event_schema import EventSchema, JsonField, event_schema
from lakehouse.contract.derive.markdown import codes, facts, grid
from lakehouse.contract.events import DELETE, ROW, UPSERT, VERSION
from lakehouse.contract.model import Catalog, Event, SourceType, Table

EXAMPLES: dict[SourceType, str | int] = {
    "text": "text",
    "integer": 3,
    "money": "12.5",
    "date": "2024-02-29",
    "timestamp": "2024-02-29T06:00:00.000000Z",
}
"""A value of each type, as JSON has it."""


def event_section(catalog: Catalog, table: Table) -> str:
    """What the table's messages hold; '' where its contract has no event."""
    if table.event is None:
        return ""
    schema = event_schema(catalog, table)
    return "\n".join(
        [
            f"\n### The event in {table.name}.{table.event.column}\n\n{table.event.description}\n",
            _facts(table.event, schema),
            _fields(schema),
            "An upsert, and a delete:\n",
            *(f"```json\n{json.dumps(example(schema, op), indent=2)}\n```\n" for op in (UPSERT, DELETE)),
        ]
    )


def example(schema: EventSchema, op: str) -> dict[str, object]:
    """An event of a kind, with values that tell their types."""
    row = {f.name: EXAMPLES[f.type] for f in schema.row if op != DELETE or f.delete}
    around = {f.name: op if f.name == "op" else EXAMPLES[f.type] for f in schema.around}
    return {VERSION: schema.version, **around, ROW: row}


def _facts(event: Event, schema: EventSchema) -> str:
    return facts(
        {
            "Form": "one JSON object in UTF-8, without fields that are not told here",
            "Schema version": schema.version,
            "Row": f"the columns of [source {event.fields_of}](#source-{event.fields_of}), inside `{ROW}`",
            "Key of a message": codes(schema.keys)
            + (" as text" if len(schema.keys) == 1 else ", each as `<length in bytes>:<text>;`"),
        }
    )


def _fields(schema: EventSchema) -> str:
    rows = [(f"`{VERSION}`", "number", f"`{schema.version}`", "always", "Which description an event follows.")]
    rows += [(f"`{f.name}`", f.json, f.form, "always" if f.upsert else "", f.description) for f in schema.around]
    rows += [(f"`{ROW}.{f.name}`", f.json, f.form, _needed(f), f.description) for f in schema.row]
    return grid(("field", "JSON", "written as", "needed", "what it means"), rows)


def _needed(field: JsonField) -> str:
    if field.upsert or field.delete:
        return "always" if field.upsert and field.delete else "in a delete" if field.delete else "in an upsert"
    return "no; left out or null: not known"
