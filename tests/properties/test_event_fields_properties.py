"""The reader of events under Hypothesis: no bytes are an error, and nothing is read otherwise than plain json reads it.

The oracle is Python's own json with its defaults: what it reads otherwise than the product must be faulted.
"""

import json
from datetime import datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakehouse.bronze.event_fields import Told, told
from lakehouse.streams.event import event_object
from tests.unit.event_schemas import AT, EVENT, product_schema

LAW = settings(max_examples=1_500, deadline=None, database=None)
GOOD: dict[str, Any] = event_object(EVENT, product_schema())


def found(value: bytes) -> Told:
    return told(value, AT, product_schema())


def faults(value: bytes) -> tuple[str, ...]:
    return found(value).faults


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good event with some fields told otherwise and some of its bytes changed."""
    names = st.sampled_from(["schema_version", "event_id", "event_time", "op", "row", "other"])
    around = GOOD | draw(st.dictionaries(names, json_values, max_size=2))
    if isinstance(around["row"], dict):
        of_row = st.sampled_from([*GOOD["row"], "other"])
        around["row"] = around["row"] | draw(st.dictionaries(of_row, json_values, max_size=3))
    value = bytearray(json.dumps(around, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass"))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(value)))
        value[at : at + draw(st.integers(0, 3))] = draw(
            st.binary(max_size=2) | st.sampled_from([rb"\u", rb"\ud800", b"\\", b'"', b",", b"}", b"NaN", b"e1", b".0"])
        )
    return bytes(value)


def plainly_read(value: bytes) -> Any:
    """What Python's json makes of it, by its own defaults; ValueError where that is nothing."""
    return json.loads(value.decode("utf-8"))


def agrees(value: bytes) -> None:
    """The product has faults, or says what plain json says."""
    said = found(value)
    if said.faults:
        assert said.texts == {}
        return
    document = plainly_read(value)
    assert document["schema_version"] == 1
    assert type(document["schema_version"]) is int
    assert document["op"] == ("delete" if said.is_deleted else "upsert")
    assert isinstance(document["event_id"], str)
    assert said.event_time == datetime.fromisoformat(document["event_time"])
    for name, text in said.texts.items():
        plain = document["row"].get(name)
        assert (text is None) is (plain is None)
        assert plain is None or type(plain) is (int if name == "quantity" else str)
        assert plain is None or (int(text or "") if name == "quantity" else text) == plain
    json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


@LAW
@given(st.binary(max_size=60))
@example(b'{"schema_version":1}')
def test_no_bytes_are_an_error(value: bytes) -> None:
    assert faults(value) != ()


@LAW
@given(mutated())
def test_a_good_event_changed_anyhow_is_faulted_or_says_what_plain_json_says(value: bytes) -> None:
    agrees(value)


@LAW
@given(json_values, st.booleans())
def test_any_json_is_faulted(value: Any, escaped: bool) -> None:
    assert faults(json.dumps(value, ensure_ascii=escaped).encode("utf-8", "surrogatepass")) != ()
