"""Garbage: every kind is made, has the fault that its name says, and touches no good line."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from lakehouse.sample.event_garbage import GARBAGE
from lakehouse.sample.event_lines import FIRST_OF_GARBAGE
from lakehouse.sample.events import GARBAGE_PREFIX, Shares, clock_from, sale_messages
from lakehouse.streams.message import Message
from tests.unit.event_schemas import AT, product_schema


@pytest.fixture(scope="module")
def garbage() -> dict[str, Message]:
    only = Shares(duplicates=0, late=0, corrections=0, deletes=0, garbage=1)
    messages = islice(
        sale_messages(product_schema(), seed=7, shares=only, clock=clock_from(AT), rows=500), len(GARBAGE)
    )
    return {message.kind.removeprefix(GARBAGE_PREFIX): message for message in messages}


def test_every_kind_is_made_about_a_line_that_no_good_event_has(garbage: dict[str, Message]) -> None:
    assert garbage.keys() == GARBAGE.keys()
    assert len(GARBAGE) > 30
    assert all(int(message.key) >= FIRST_OF_GARBAGE for message in garbage.values())


def test_a_message_may_have_no_value_or_an_empty_one(garbage: dict[str, Message]) -> None:
    assert garbage["no_value"].value is None
    assert garbage["empty_value"].value == b""


@pytest.mark.parametrize("kind", ["not_utf_8", "utf_16"])
def test_bytes_that_are_no_utf_8(garbage: dict[str, Message], kind: str) -> None:
    value = garbage[kind].value
    assert value is not None
    with pytest.raises(UnicodeDecodeError):
        value.decode()


def refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def strictly(value: bytes | None) -> Any:
    """The JSON of a value, as RFC 8259 has it."""
    return json.loads((value or b"").decode(), parse_constant=refused)


@pytest.mark.parametrize("kind", ["not_json", "truncated", "text_after_the_end", "null_byte", "not_a_number"])
def test_text_that_is_no_json(garbage: dict[str, Message], kind: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - UnicodeDecodeError, where a letter was cut, is one too
        strictly(garbage[kind].value)


def test_json_so_deep_that_readers_give_up(garbage: dict[str, Message]) -> None:
    with pytest.raises(RecursionError):
        json.loads(garbage["deeply_nested"].value or b"")


def test_a_key_that_stands_twice(garbage: dict[str, Message]) -> None:
    pairs = json.loads(garbage["duplicate_key"].value or b"", object_pairs_hook=list)
    row = dict(pairs)["row"]
    assert [value for name, value in row if name == "city"] == ["Here", "There"]


CHECKS: dict[str, Callable[[Any], bool]] = {
    "not_an_object": lambda event: isinstance(event, list),
    "lone_surrogate": lambda event: event["row"]["city"] == "\ud800",
    "nested": lambda event: isinstance(event["row"]["city"], dict),
    "unknown_schema_version": lambda event: event["schema_version"] == 99,
    "schema_version_missing": lambda event: "schema_version" not in event,
    "event_id_missing": lambda event: "event_id" not in event,
    "event_time_missing": lambda event: "event_time" not in event,
    "event_time_without_zone": lambda event: datetime.fromisoformat(event["event_time"]).tzinfo is None,
    "event_time_ahead": lambda event: datetime.fromisoformat(event["event_time"]) > AT + timedelta(days=1),
    "unknown_op": lambda event: event["op"] == "insert",
    "row_missing": lambda event: "row" not in event,
    "key_missing": lambda event: "row_id" not in event["row"],
    "delete_without_key": lambda event: (event["op"], event["row"]) == ("delete", {}),
    "required_missing": lambda event: "order_id" not in event["row"],
    "required_null": lambda event: event["row"]["order_id"] is None,
    "unknown_field": lambda event: event["priority"] == "high",
    "unknown_field_of_row": lambda event: event["row"]["colour"] == "red",
    "quantity_as_text": lambda event: event["row"]["quantity"] == "3",
    "quantity_not_whole": lambda event: event["row"]["quantity"] == 2.5,
    "quantity_huge": lambda event: event["row"]["quantity"] > 2**63,
    "text_as_number": lambda event: event["row"]["customer_name"] == 12,
    "money_as_number": lambda event: event["row"]["sales"] == 12.5,
    "money_inexact": lambda event: event["row"]["sales"] == "123.4567891",
    "money_huge": lambda event: event["row"]["sales"] == "123456789012345.5",
    "date_impossible": lambda event: event["row"]["order_date"] == "2024-02-30",
    "date_in_other_form": lambda event: event["row"]["order_date"] == "29-02-2024",
    "quantity_zero": lambda event: event["row"]["quantity"] == 0,
}
TESTED_ABOVE = {
    *("no_value", "empty_value", "not_utf_8", "utf_16", "not_json", "truncated", "text_after_the_end", "null_byte"),
    *("not_a_number", "deeply_nested", "duplicate_key"),
}


@pytest.mark.parametrize("kind", CHECKS)
def test_json_with_the_fault_that_the_kind_says(garbage: dict[str, Message], kind: str) -> None:
    assert CHECKS[kind](strictly(garbage[kind].value))


def test_every_kind_is_tested() -> None:
    assert CHECKS.keys() | TESTED_ABOVE == GARBAGE.keys()
