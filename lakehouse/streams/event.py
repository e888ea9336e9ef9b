"""An event about a sale line, and the bytes that Kafka carries for it.

In: an `Event`, and the `EventSchema` of its contract. Out: its JSON in UTF-8, and the key of its message. Guaranteed:
pure; the same event gives the same bytes, fields in the order of the contract and every one of them there (null where
the source says nothing); of a delete, the key alone; what the schema does not allow is not written.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

from lakehouse.contract.derive.event_schema import EventSchema
from lakehouse.contract.events import DELETE, ROW, VERSION

Value = str | int | Decimal | date | datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What a source says at a moment of one sale line: the line as it is now, or that it is deleted."""

    event_id: str
    event_time: datetime
    op: Literal["upsert", "delete"]
    row: Mapping[str, Value]


def event_object(event: Event, schema: EventSchema) -> dict[str, object]:
    """The event as JSON has it, before it is text.

    Raises:
        ValueError: its row lacks a field that the schema requires, or has one that the schema does not know.
    """
    names = [f.name for f in schema.row if event.op != DELETE or f.delete]
    if unknown := event.row.keys() - {f.name for f in schema.row}:
        raise ValueError(f"event {event.event_id} has fields that its contract has not: {', '.join(sorted(unknown))}")
    if missing := sorted(name for name in schema.required(event.op) if event.row.get(name) is None):
        raise ValueError(f"event {event.event_id} lacks what its contract requires: {', '.join(missing)}")
    return {
        VERSION: schema.version,
        "event_id": event.event_id,
        "event_time": moment(event.event_time),
        "op": event.op,
        ROW: {name: _plain(event.row.get(name)) for name in names},
    }


def encoded(told: Mapping[str, object]) -> bytes:
    """JSON without blanks, in UTF-8."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def event_value(event: Event, schema: EventSchema) -> bytes:
    """The value of the event's message."""
    return encoded(event_object(event, schema))


def event_key(event: Event, schema: EventSchema) -> bytes:
    """The key of the event's message, so that all events about one sale line are in one partition."""
    return message_key(_text(event.row[name]) for name in schema.keys)


def message_key(texts: Iterable[str]) -> bytes:
    """Of one field its text as it is; of several `<length in bytes>:<text>;` each, the text that hashes are made of."""
    fields = [text.encode() for text in texts]
    return fields[0] if len(fields) == 1 else b"".join(b"%d:%s;" % (len(field), field) for field in fields)


def moment(time: datetime) -> str:
    """`2024-02-29T06:00:00.000000Z`: UTC with microseconds."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _plain(value: Value) -> str | int | None:
    """A value as JSON carries it: money, dates and moments as strings."""
    return _PLAIN[type(value)](value)


def _text(value: Value) -> str:
    return str(_plain(value))


_PLAIN: Mapping[type, Callable[..., str | int | None]] = {
    str: lambda text: text,
    int: lambda number: number,
    type(None): lambda nothing: nothing,
    Decimal: lambda money: f"{money:f}",
    date: date.isoformat,
    datetime: moment,
}
