"""Messages that are no event, or one that must be kept out: two dozen kinds of damage, each with one known fault.

In: the JSON object of a good event. Out: the bytes of a damaged message, by kind; None for a message without value.
Guaranteed: each has that one fault and no other, and its line has a row id that no good line has, so that one taken
for good would be seen.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from lakehouse.contract.events import ROW, VERSION
from lakehouse.streams.event import encoded, moment

Told = dict[str, Any]
Damage = Callable[[Told, datetime], bytes | None]

AHEAD = timedelta(days=3_650)
"""How far ahead of its message an event says to be: years, so that it is ahead whenever it is sent."""


def _with(**changes: object) -> Damage:
    """Other values in fields around the row."""
    return lambda told, at: encoded(told | changes)


def _with_row(**changes: object) -> Damage:
    """Other values in fields of the row."""
    return lambda told, at: encoded(told | {ROW: told[ROW] | changes})


def _without(name: str) -> Damage:
    """A field around the row left out."""
    return lambda told, at: encoded({key: value for key, value in told.items() if key != name})


def _without_row(name: str) -> Damage:
    """A field of the row left out."""
    return lambda told, at: encoded(told | {ROW: {key: value for key, value in told[ROW].items() if key != name}})


def _replaced(old: bytes, new: bytes, **changes: object) -> Damage:
    """Bytes of the finished JSON replaced, once, after values of the row were changed."""
    return lambda told, at: encoded(told | {ROW: told[ROW] | changes}).replace(old, new, 1)


def _truncated(told: Told, at: datetime) -> bytes:
    whole = encoded(told)
    return whole[: len(whole) // 2]


def _ahead(told: Told, at: datetime) -> bytes:
    return encoded(told | {"event_time": moment(at + AHEAD)})


def _without_zone(told: Told, at: datetime) -> bytes:
    return encoded(told | {"event_time": told["event_time"].removesuffix("Z")})


def _delete_without_key(told: Told, at: datetime) -> bytes:
    return encoded(told | {"op": "delete", ROW: {}})


def _utf_16(told: Told, at: datetime) -> bytes:
    return encoded(told).decode().encode("utf-16")


_CITY = b'"city":"@"'

GARBAGE: Mapping[str, Damage] = MappingProxyType(
    {
        "no_value": lambda told, at: None,
        "empty_value": lambda told, at: b"",
        "not_json": lambda told, at: b"order shipped, thanks!",
        "not_an_object": lambda told, at: encoded(told).join((b"[", b"]")),
        "truncated": _truncated,
        "text_after_the_end": lambda told, at: encoded(told) + b"}",
        "not_utf_8": _replaced(_CITY, '"city":"Malmö"'.encode("latin-1"), city="@"),
        "utf_16": _utf_16,
        "null_byte": _replaced(_CITY, b'"city":"Mal\x00mo"', city="@"),
        "lone_surrogate": _replaced(_CITY, rb'"city":"\ud800"', city="@"),
        "duplicate_key": _replaced(_CITY, b'"city":"Here","city":"There"', city="@"),
        "not_a_number": _replaced(b'"quantity":3', b'"quantity":NaN', quantity=3),
        "deeply_nested": _replaced(_CITY, b'"city":' + b"[" * 20_000 + b"]" * 20_000, city="@"),
        "nested": _with_row(city={"name": "Malmö"}),
        "unknown_schema_version": _with(**{VERSION: 99}),
        "schema_version_missing": _without(VERSION),
        "event_id_missing": _without("event_id"),
        "event_time_missing": _without("event_time"),
        "event_time_without_zone": _without_zone,
        "event_time_ahead": _ahead,
        "unknown_op": _with(op="insert"),
        "row_missing": _without(ROW),
        "key_missing": _without_row("row_id"),
        "delete_without_key": _delete_without_key,
        "required_missing": _without_row("order_id"),
        "required_null": _with_row(order_id=None),
        "unknown_field": _with(priority="high"),
        "unknown_field_of_row": _with_row(colour="red"),
        "quantity_as_text": _with_row(quantity="3"),
        "quantity_not_whole": _with_row(quantity=2.5),
        "quantity_huge": _with_row(quantity=10**30),
        "text_as_number": _with_row(customer_name=12),
        "money_as_number": _with_row(sales=12.5),
        "money_inexact": _with_row(sales="123.4567891"),
        "money_huge": _with_row(sales="123456789012345.5"),
        "date_impossible": _with_row(order_date="2024-02-30"),
        "date_in_other_form": _with_row(order_date="29-02-2024"),
        "quantity_zero": _with_row(quantity=0, sales="0", profit="0"),
    }
)
"""Kind of garbage → how it is made."""
