"""Events: what the contract makes of them, and the bytes that Kafka carries."""

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from lakehouse.conf import conf_folder
from lakehouse.contract.derive.event_dictionary import example
from lakehouse.contract.derive.event_schema import event_schema
from lakehouse.contract.loader import load_catalog
from lakehouse.streams.event import Event, event_key, event_value, message_key, moment
from tests.unit.event_schemas import AT, EVENT, ROW, product_schema

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "events.md"


def test_the_row_of_an_event_has_the_columns_of_its_source_and_what_carries_them() -> None:
    schema, source = product_schema(), load_catalog(conf_folder()).sources["superstore"]
    assert [f.name for f in schema.row] == [c.name for c in source.columns]
    carried = {f.name: f.json for f in schema.row}
    assert (carried["quantity"], carried["sales"], carried["order_date"]) == ("number", "string", "string")
    assert schema.required("upsert") == {c.name for c in source.columns if c.required}
    assert schema.required("delete") == {"row_id"} == set(schema.keys)
    assert [f.name for f in schema.around] == ["event_id", "event_time", "op"]


def test_a_table_without_an_event_has_no_schema_of_one() -> None:
    catalog = load_catalog(conf_folder())
    with pytest.raises(ValueError, match=r"the contract of silver\.sales has no event"):
        event_schema(catalog, catalog.tables["silver.sales"])


def test_the_value_is_json_in_utf_8_with_every_field_in_order() -> None:
    value = event_value(EVENT, product_schema())
    assert value.startswith(
        b'{"schema_version":1,"event_id":"7-1","event_time":"2024-06-03T06:00:00.000000Z","op":"upsert",'
        b'"row":{"row_id":"0012","order_id":"SE-2024-100012","order_date":"2024-02-29","ship_date":null,'
    )
    assert "Malmö".encode() in value
    told = json.loads(value)
    assert list(told["row"]) == [f.name for f in product_schema().row]
    assert (told["row"]["sales"], told["row"]["quantity"], told["row"]["discount"]) == ("1204.50000", -3, "0.0000000")
    assert told["row"]["customer_name"] == ROW["customer_name"]


def test_what_is_read_again_is_what_was_said() -> None:
    told = json.loads(event_value(EVENT, product_schema()))
    assert datetime.fromisoformat(told["event_time"]) == EVENT.event_time
    assert date.fromisoformat(told["row"]["order_date"]) == ROW["order_date"]
    assert {name: value for name, value in told["row"].items() if value is not None}.keys() == ROW.keys()


def test_the_same_event_gives_the_same_bytes_in_whatever_order_its_row_is() -> None:
    turned = replace(EVENT, row=dict(reversed(ROW.items())))
    assert event_value(turned, product_schema()) == event_value(EVENT, product_schema())


def test_a_delete_carries_the_key_alone() -> None:
    value = event_value(replace(EVENT, op="delete"), product_schema())
    assert json.loads(value)["row"] == {"row_id": "0012"}


def test_a_moment_is_told_in_utc_with_microseconds() -> None:
    assert moment(AT.astimezone(timezone(timedelta(hours=-5)))) == "2024-06-03T06:00:00.000000Z"
    assert moment(AT + timedelta(microseconds=10)) == "2024-06-03T06:00:00.000010Z"


@pytest.mark.parametrize(
    "event, told",
    [
        (replace(EVENT, row=ROW | {"colour": "red"}), "has fields that its contract has not: colour"),
        (replace(EVENT, row=ROW | {"order_id": None}), "lacks what its contract requires: order_id"),
        (replace(EVENT, op="delete", row={}), "lacks what its contract requires: row_id"),
    ],
)
def test_an_event_that_the_contract_does_not_allow_is_not_written(event: Event, told: str) -> None:
    with pytest.raises(ValueError, match=f"event 7-1 {told}"):
        event_value(event, product_schema())


def test_the_key_of_a_message_is_the_line_s_key_as_text() -> None:
    assert event_key(EVENT, product_schema()) == b"0012"


def test_keys_of_several_fields_are_told_apart() -> None:
    assert message_key(["A", "ö"]) == "1:A;2:ö;".encode()
    assert message_key(["1:A;", ""]) != message_key(["1:A", ";"])


@pytest.mark.parametrize("op", ["upsert", "delete"])
def test_the_example_of_the_dictionary_is_an_event_of_the_contract(op: str) -> None:
    told = example(product_schema(), op)
    row = told["row"]
    assert isinstance(row, dict)
    assert product_schema().required(op) <= row.keys()
    assert told["op"] == op


def test_the_page_on_events_shows_what_is_written() -> None:
    shown = re.findall(r"^```json\n(.*?)\n```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    upsert, delete = (json.loads(text) for text in shown)
    assert (list(upsert), list(delete)) == (list(example(product_schema(), "upsert")),) * 2
    assert list(upsert["row"]) == [f.name for f in product_schema().row]
    assert list(delete["row"]) == ["row_id"]
