"""What is refused in the event of a contract, and in how its table is partitioned: each with its file and path."""

from pathlib import Path

import pytest

from tests.unit.contract_tree import LINES, MESSAGES, findings_of

CASES = {
    "an unknown key": ("  column: value", "  column: value\n  format: json", ["event.format: there is no such key"]),
    "an unknown key of a field": (
        "{type: text, description: Who.}",
        "{type: text, unit: EUR, description: Who.}",
        ["event.fields.shop.unit: there is no such key"],
    ),
    "a missing key": ("  schema_version: 1\n", "", ["event.schema_version: is missing"]),
    "an unknown type": (
        "{type: text, description: Who.}",
        "{type: binary, description: Who.}",
        ["event.fields.shop.type: input should be 'text', 'integer', 'money', 'date' or 'timestamp' (given: 'binary')"],
    ),
    "a version that is none": (
        "schema_version: 1",
        "schema_version: one",
        ["event.schema_version: input should be a valid integer, unable to parse string as an integer (given: 'one')"],
    ),
    "a version below 1": ("schema_version: 1", "schema_version: 0", ["event.schema_version: must be 1 or more"]),
    "an event that is no mapping": (
        "event:\n  description: A statement about a line.",
        "event: here\nevents:\n  description: A statement about a line.",
        ["event: input should be a dictionary or an instance of Event (given: 'here')", "events: there is no such key"],
    ),
    "fields as a list": (
        "  fields:\n    event_id: {type: text, required: true, description: The event.}\n"
        "    event_time: {type: timestamp, required: true, description: When.}\n"
        "    op: {type: text, required: true, values: [upsert, delete], description: What.}\n"
        "    shop: {type: text, description: Who.}",
        "  fields: []",
        [
            "event.fields: must be a mapping from names to what they mean",
            "event.fields.event_id: is missing",
            "event.fields.event_time: is missing",
            "event.fields.op: is missing",
        ],
    ),
    "a source that does not exist": (
        "fields_of: shop",
        "fields_of: shops",
        ["event.fields_of: there is no source 'shops'"],
    ),
    "a column that does not exist": (
        "column: value",
        "column: values",
        ["event.column: there is no binary column 'values'"],
    ),
    "a column that holds no bytes": (
        "column: value",
        "column: day",
        ["event.column: there is no binary column 'day'"],
    ),
    "a field missing that the product goes by": (
        "    op: {type: text, required: true, values: [upsert, delete], description: What.}\n",
        "",
        ["event.fields.op: is missing"],
    ),
    "other texts for what is done": (
        "values: [upsert, delete]",
        "values: [upsert, delete, patch]",
        ["event.fields.op.values: must be upsert, delete"],
    ),
    "a choice of identifiers": (
        "{type: text, required: true, description: The event.}",
        "{type: text, required: true, values: [a], description: The event.}",
        ["event.fields.event_id.values: must be left out"],
    ),
    "a moment of another type": (
        "{type: timestamp, required: true, description: When.}",
        "{type: date, description: When.}",
        ["event.fields.event_time.type: must be timestamp", "event.fields.event_time.required: must be true"],
    ),
    "a field with the row's name": (
        "    shop: {",
        "    row: {",
        ["event.fields.row: is there by itself; give the field another name"],
    ),
    "a choice of numbers": (
        "{type: text, description: Who.}",
        "{type: integer, values: ['1'], description: Who.}",
        ["event.fields.shop.values: only a text has values to choose from"],
    ),
    "a field's name with a blank": (
        "    shop: {",
        "    The Shop: {",
        ["event.fields.The Shop: the name must be of small letters, digits and underscores"],
    ),
    "a partition column that does not exist": (
        "partition_by: [day]",
        "partition_by: [days]",
        ["layout.partition_by: there is no column 'days'"],
    ),
    "a partition column outside its group": (
        "layout: {partition_by: [day]}",
        "partition_by: [day]",
        ["partition_by: there is no such key here; it belongs at layout.partition_by"],
    ),
}


@pytest.mark.parametrize("old, new, expected", CASES.values(), ids=CASES)
def test_is_found_with_its_file_and_path(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    found = findings_of(tmp_path, {MESSAGES: (old, new)})
    assert sorted(found) == sorted(f"{MESSAGES}: {each}" for each in expected)


def test_a_table_is_clustered_or_partitioned(tmp_path: Path) -> None:
    found = findings_of(
        tmp_path, {LINES: ("{cluster_by: [line_id]}", "{cluster_by: [line_id], partition_by: [sold_on]}")}
    )
    assert found == [f"{LINES}: layout: a table is clustered or partitioned, not both"]
