"""What a message is found to say: each kind of garbage has its one fault; every form of a value is strict."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lakehouse.bronze.event_fields import Told, told
from lakehouse.sample.event_garbage import GARBAGE
from lakehouse.streams.event import encoded, event_object
from tests.unit.event_schemas import AT, EVENT, product_schema

SENT = AT + timedelta(seconds=1)
GOOD: dict[str, Any] = event_object(EVENT, product_schema())
BY_A_RULE = {
    *("required_missing", "required_null", "key_missing", "delete_without_key", "quantity_huge"),
    *("money_inexact", "money_huge", "date_impossible", "quantity_zero"),
}
"""What can be read, and is kept out by rules of the source or the table."""

FAULTS = {
    "no_value": "value_missing",
    "empty_value": "not_json",
    "not_json": "not_json",
    "not_an_object": "not_an_object",
    "truncated": "not_json",
    "text_after_the_end": "not_json",
    "not_utf_8": "not_utf_8",
    "utf_16": "not_utf_8",
    "null_byte": "not_json",
    "lone_surrogate": "not_utf_8",
    "duplicate_key": "duplicate_field",
    "not_a_number": "not_json",
    "deeply_nested": "not_json",
    "nested": "city_unreadable",
    "unknown_schema_version": "unknown_schema_version",
    "schema_version_missing": "unknown_schema_version",
    "event_id_missing": "event_id_malformed",
    "event_time_missing": "event_time_malformed",
    "event_time_without_zone": "event_time_malformed",
    "event_time_ahead": "event_time_ahead",
    "unknown_op": "op_malformed",
    "row_missing": "row_malformed",
    "quantity_as_text": "quantity_unreadable",
    "quantity_not_whole": "quantity_unreadable",
    "text_as_number": "customer_name_unreadable",
    "money_as_number": "sales_unreadable",
    "date_in_other_form": "order_date_unreadable",
}


def found(value: bytes | None, at: datetime = SENT) -> Told:
    return told(value, at, product_schema())


def faults(value: bytes | None, at: datetime = SENT) -> tuple[str, ...]:
    return found(value, at).faults


def with_row(**changes: Any) -> bytes:
    return encoded(GOOD | {"row": GOOD["row"] | changes})


def with_city(raw: bytes) -> bytes:
    """The good event with these very bytes for its city."""
    return with_row(city="@").replace(b'"@"', raw)


def deleting(row: Any) -> bytes:
    return encoded(GOOD | {"op": "delete", "row": row})


def test_each_kind_of_garbage_is_in_one_of_the_lists() -> None:
    unknown = {"unknown_field", "unknown_field_of_row"}
    assert GARBAGE.keys() <= FAULTS.keys() | BY_A_RULE | unknown
    assert FAULTS.keys() <= GARBAGE.keys()


@pytest.mark.parametrize("kind", list(GARBAGE))
def test_garbage_has_the_one_fault_that_it_was_made_with(kind: str) -> None:
    said = found(GARBAGE[kind](GOOD, AT))
    assert said.faults == ((FAULTS[kind],) if kind in FAULTS else ())
    assert said.unknown is kind.startswith("unknown_field")
    assert (said.texts == {}) is (kind in FAULTS)


def test_a_good_event_says_its_texts_and_when() -> None:
    said = found(encoded(GOOD))
    assert (said.faults, said.event_time, said.is_deleted, said.unknown) == ((), AT, False, False)
    assert said.texts == {name: None if value is None else str(value) for name, value in GOOD["row"].items()}


@pytest.mark.parametrize(
    "value, fault",
    [
        (b"\xef\xbb\xbf" + encoded(GOOD), "not_json"),
        (encoded(GOOD).decode().encode("utf-8-sig"), "not_json"),
        (encoded(GOOD).decode().encode("utf-16-le"), "not_utf_8"),
        (encoded({"a": 1}).decode().encode("utf-16-le"), "not_json"),
        (encoded(GOOD) + b"\x00", "not_json"),
        (encoded(GOOD) + b"\xa0", "not_utf_8"),
        (encoded(GOOD) + "\u00a0".encode(), "not_json"),
        (encoded(GOOD) + encoded(GOOD), "not_json"),
        (b"\xff", "not_utf_8"),
        (b"\xed\xa0\x80", "not_utf_8"),
        (b"\xc0\xaf", "not_utf_8"),
        (b"null", "not_an_object"),
        (b"1" * 100_000, "not_an_object"),
        (b'"' + b"a" * 100_000 + b'"', "not_an_object"),
        (b"{}", "unknown_schema_version"),
        (b"[" * 100_000, "not_json"),
        (b"[" * 100_000 + b"]" * 100_000, "not_json"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "not_json"),
        (encoded(GOOD).replace(b'"op"', b"'op'"), "not_json"),
        (encoded(GOOD).replace(b"}}", b",}}"), "not_json"),
        (with_city(b'"\t"'), "not_json"),
        (with_city(rb'"\x41"'), "not_json"),
        (with_city(rb'"\u+041"'), "not_json"),
        (with_city(rb'"\u00"'), "not_json"),
        (with_city(b"Infinity"), "not_json"),
        (with_city(b"-Infinity"), "not_json"),
        (with_city(b"01"), "not_json"),
        (with_city(b"+1"), "not_json"),
        (with_city(b"1."), "not_json"),
        (with_city(rb'"\udc00\ud800"'), "not_utf_8"),
        (with_city(rb'"\uD800"'), "not_utf_8"),
        (with_city(b'{"a":1,"a":1}'), "duplicate_field"),
        (with_city(rb'{"a":1,"\u0061":1}'), "duplicate_field"),
        (with_city(b"[]"), "city_unreadable"),
        (with_city(b"true"), "city_unreadable"),
    ],
)
def test_bytes_that_are_no_statement_are_told_what_they_are(value: bytes, fault: str) -> None:
    assert faults(value) == (fault,)


@pytest.mark.parametrize("raw", [b"true", b"1.0", b'"1"', b"null", b"1e0", b"-1", b"10", b"[1]", b"1" + b"0" * 5_000])
def test_another_schema_version_is_none_that_is_known(raw: bytes) -> None:
    assert faults(encoded(GOOD).replace(b'"schema_version":1', b'"schema_version":' + raw)) == (
        "unknown_schema_version",
    )


@pytest.mark.parametrize(
    "raw, text",
    [
        (b"-0", "-0"),
        (b"10", "10"),
        (b"9223372036854775808", "9223372036854775808"),
        (b"1" * 5_001, "1" * 5_001),
        (b"null", None),
    ],
)
def test_a_whole_number_is_read_as_it_is_written(raw: bytes, text: str | None) -> None:
    said = found(with_row(quantity=77).replace(b":77,", b":" + raw + b","))
    assert (said.faults, said.texts["quantity"]) == ((), text)


@pytest.mark.parametrize("raw", [b"1E5", b"1e5", b"3.0", b"-0.0", b"true", b'"3"', b"[3]", b"1e400"])
def test_any_other_number_is_not_whole(raw: bytes) -> None:
    assert faults(with_row(quantity=77).replace(b":77,", b":" + raw + b",")) == ("quantity_unreadable",)


@pytest.mark.parametrize(
    "raw, at",
    [
        ("2024-06-03T06:00:00Z", AT),
        ("2024-06-03T06:00:00.0Z", AT),
        ("2024-06-03T06:00:00.000001Z", AT + timedelta(microseconds=1)),
        ("2024-06-03T20:00:00+14:00", AT),
        ("2024-06-02T18:00:00.000-12:00", AT),
        ("2024-06-03T06:00:00-00:00", AT),
        ("2024-06-03T11:45:00+05:45", AT),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01T14:00:00+14:00", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_has_a_zone_and_is_told_in_utc(raw: str, at: datetime) -> None:
    said = found(encoded(GOOD | {"event_time": raw}))
    assert (said.faults, said.event_time) == ((), at)


@pytest.mark.parametrize(
    "raw",
    [
        "2024-06-03T06:00:00.0000000Z",
        "2024-06-03T06:00:00.Z",
        "2024-06-03T06:00:00,5Z",
        "2024-06-03T06:00:60Z",
        "2024-06-03T24:00:00Z",
        "2024-06-03t06:00:00Z",
        "2024-06-03T06:00:00z",
        "2024-06-03 06:00:00Z",
        "2024-06-03T06:00Z",
        "2024-06-03T06:00:00+0200",
        "2024-06-03T06:00:00+24:00",
        "2024-06-03T06:00:00+02:60",
        "2024-02-30T06:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "2024-06-03T06:00:00Z\n",
        " 2024-06-03T06:00:00Z",
        "٢٠٢٤-06-03T06:00:00Z",
        "",
        1717394400,
    ],
)
def test_what_is_no_moment_is_malformed(raw: object) -> None:
    assert faults(encoded(GOOD | {"event_time": raw})) == ("event_time_malformed",)


def test_an_event_may_be_five_minutes_ahead_of_its_message_and_no_microsecond_more() -> None:
    assert faults(encoded(GOOD), AT - timedelta(minutes=5)) == ()
    assert faults(encoded(GOOD), AT - timedelta(minutes=5, microseconds=1)) == ("event_time_ahead",)
    last = encoded(GOOD | {"event_time": "9999-12-31T23:59:59.999999Z"})
    assert faults(last) == ("event_time_ahead",)


@pytest.mark.parametrize("at", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_any_time_of_a_message_can_be_held_against_its_event(at: datetime) -> None:
    assert faults(encoded(GOOD), at) == (() if at > AT else ("event_time_ahead",))


@pytest.mark.parametrize("op", ["Upsert", "DELETE", " upsert", "", None, 1, ["upsert"], {"upsert": 1}])
def test_another_op_is_none(op: object) -> None:
    assert faults(encoded(GOOD | {"op": op})) == ("op_malformed",)


@pytest.mark.parametrize("row", [[], [GOOD["row"]], "row", 1, True, None])
@pytest.mark.parametrize("op", ["upsert", "delete"])
def test_a_row_that_is_no_object_is_malformed(row: object, op: str) -> None:
    assert faults(encoded(GOOD | {"op": op, "row": row})) == ("row_malformed",)


@pytest.mark.parametrize(
    "text", ["  Graz ", "\u00a0Graz", "Gra\u0000z", "", " ", "a" * 1_000_000, "😀", "\uffff", "Å", "\ufeff"]
)
def test_texts_are_handed_on_as_they_are(text: str) -> None:
    for escaped in (False, True):
        said = found(with_city(json.dumps(text, ensure_ascii=escaped).encode()))
        assert (said.faults, said.texts["city"]) == ((), text)


@pytest.mark.parametrize(
    "date", ["2024-2-29", "20240229", "2024-02-29T00:00:00", " 2024-02-29", "２024-02-29", 20240229]
)
def test_a_date_in_another_form_is_unreadable(date: object) -> None:
    assert faults(with_row(order_date=date)) == ("order_date_unreadable",)


def test_of_a_delete_the_key_alone_is_read() -> None:
    row = {"row_id": "0012", "quantity": "many", "order_date": 7, "city": ["x"], "sales": 1.5}
    said = found(deleting(row))
    assert (said.faults, said.is_deleted, said.texts) == ((), True, {"row_id": "0012"})


@pytest.mark.parametrize("key", [12, True, ["12"], {"row_id": "12"}, 1.5])
def test_a_delete_whose_key_is_no_text_is_unreadable(key: object) -> None:
    assert faults(deleting({"row_id": key})) == ("row_id_unreadable",)


@pytest.mark.parametrize("row", [{"row_id": None}, {}, {"order_id": "7"}])
def test_a_delete_without_a_key_has_none_and_a_rule_says_so(row: dict[str, Any]) -> None:
    said = found(deleting(row))
    assert (said.faults, said.texts) == ((), {"row_id": None})


def test_all_faults_are_told_at_once_and_the_time_where_it_can_be_read() -> None:
    said = found(encoded(GOOD | {"op": "insert", "event_id": None, "row": GOOD["row"] | {"city": 1, "sales": 2}}))
    assert said.faults == ("event_id_malformed", "op_malformed", "city_unreadable", "sales_unreadable")
    assert said.event_time == AT


@pytest.mark.parametrize("opened, closed", [(b"[", b"]"), (b'{"a":', b"}")])
def test_any_depth_is_an_answer_also_where_texts_are_looked_at(opened: bytes, closed: bytes) -> None:
    for depth in range(880, 1_010):
        for leaf in (rb'"\ud83d\ude00"', rb'"\ud800"', b"1"):
            deep = opened * depth + leaf + closed * depth
            assert set(faults(with_city(deep))) <= {"not_json", "not_utf_8", "city_unreadable"}
