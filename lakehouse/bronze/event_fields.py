"""The value of a message as the texts of a sale line, or why it is no statement. Pure, without Spark.

In: the bytes of a message, Kafka's time of it, the schema of events. Out: a `Told`. Guaranteed: whatever the bytes are,
an answer and no error; JSON is read strictly (one object, no field twice, UTF-8, numbers as they are written), so that
two readers never read two things; of a delete, the key alone is read.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NoReturn

from lakehouse.contract.derive.event_schema import EventSchema, JsonField
from lakehouse.contract.events import DELETE, ROW, VERSION

MOST_AHEAD = timedelta(minutes=5)
"""So much later than Kafka's time of its message an event may say to be."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:[0-5]\d)", re.ASCII)
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

Texts = Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a message says: the texts of the row's fields, when, and whether it deletes; or what is wrong with it.

    With `faults` there are no texts; `event_time` is None where it could not be read. `unknown`: it has a field that
    the schema does not know.
    """

    texts: Texts
    event_time: datetime | None = None
    is_deleted: bool = False
    faults: tuple[str, ...] = ()
    unknown: bool = False


def told(value: bytes | None, timestamp: datetime, schema: EventSchema) -> Told:
    """What a message with this value says; `timestamp` is Kafka's, with its zone."""
    if value is None:
        return _faulty("value_missing")
    try:
        document = _DECODER.decode(value.decode())
    except UnicodeDecodeError:
        return _faulty("not_utf_8")
    except _DuplicateError:
        return _faulty("duplicate_field")
    except (ValueError, RecursionError):
        return _faulty("not_json")
    if type(document) is not dict:
        return _faulty("not_an_object")
    if type(version := document.get(VERSION)) is not _Whole or version != str(schema.version):
        return _faulty("unknown_schema_version")
    if _ESCAPED_SURROGATE.search(value) and not _is_text(document):
        return _faulty("not_utf_8")
    return _statement(document, timestamp, schema)


def fields_of(value: str | None, schema: EventSchema) -> Texts:
    """The fields of the row as they stand in a message, whatever is wrong with them; {} where it has none.

    What is no text and no number is told as JSON.
    """
    try:
        document = _DECODER.decode(value or "")
    except (ValueError, RecursionError):
        return {}
    row = document.get(ROW) if type(document) is dict else None
    if type(row) is not dict:
        return {}
    said = {field.name: row.get(field.name) for field in schema.row}
    return {name: text if text is None or isinstance(text, str) else json.dumps(text) for name, text in said.items()}


def _faulty(*faults: str, event_time: datetime | None = None) -> Told:
    return Told(texts={}, event_time=event_time, faults=faults)


def _statement(document: Mapping[str, Any], timestamp: datetime, schema: EventSchema) -> Told:
    """What an object of the schema's version says."""
    row = document.get(ROW)
    faults = [f"{field.name}_malformed" for field in schema.around if not _well_formed(field, document)]
    event_time = moment(document.get("event_time"))
    if event_time is not None and _is_ahead(event_time, timestamp):
        faults.append("event_time_ahead")
    if type(row) is not dict:
        return _faulty(*faults, "row_malformed", event_time=event_time)
    deletes = document.get("op") == DELETE
    texts = _texts(row, schema.keys_of_row if deletes else schema.row, schema.verbatim)
    faults += [f"{name}_unreadable" for name, text in texts.items() if text is None and row.get(name) is not None]
    if faults:
        return _faulty(*faults, event_time=event_time)
    unknown = not (document.keys() <= schema.names_around and row.keys() <= schema.names_of_row)
    return Told(texts=texts, event_time=event_time, is_deleted=deletes, unknown=unknown)


def _texts(row: Mapping[str, Any], fields: Sequence[JsonField], verbatim: frozenset[str]) -> dict[str, str | None]:
    """The texts of these fields; None where the row has none, or JSON carries it otherwise than the schema says."""
    texts = {}
    for field in fields:
        name = field.name
        value = row.get(name)  # nearly all are texts that stand as they are: they are asked nothing more
        texts[name] = value if value is None or (type(value) is str and name in verbatim) else _text(field, value)
    return texts


def _is_ahead(event_time: datetime, timestamp: datetime) -> bool:
    """By a difference, which there always is: producers choose Kafka's time, and may choose the last one there is."""
    return event_time - timestamp > MOST_AHEAD


def _well_formed(field: JsonField, document: Mapping[str, Any]) -> bool:
    value = document.get(field.name)
    if value is None:
        return not field.upsert
    return _text(field, value) is not None and (not field.values or value in field.values)


def _text(field: JsonField, value: Any) -> str | None:
    """The value as the text that a file would have; None where JSON carries it otherwise than the schema says."""
    if field.type == "integer":
        return str(value) if type(value) is _Whole else None
    if type(value) is not str:
        return None
    if field.type == "date":
        return value if _DATE.fullmatch(value) else None
    if field.type == "timestamp":
        at = moment(value)
        return None if at is None else at.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value


def moment(value: Any) -> datetime | None:
    """An ISO 8601 moment with its zone, in UTC; None where the value is none."""
    return _moment(value) if type(value) is str else None


@lru_cache(maxsize=8)  # it is asked for more than once of an event
def _moment(value: str) -> datetime | None:
    if not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class _Whole(str):
    """A JSON number without point and exponent, as it is written."""

    __slots__ = ()


class _Fraction(str):
    """Any other JSON number, as it is written."""

    __slots__ = ()


class _DuplicateError(ValueError):
    """A field stands twice: which of them counts would be for each reader to say."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _DuplicateError
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_Whole, parse_float=_Fraction, parse_constant=_no_number
)


def _is_text(document: Any) -> bool:
    """Whether no text in it is half of a character."""
    try:
        "".join(_texts_in(document)).encode()
    except UnicodeEncodeError:
        return False
    return True


def _texts_in(document: Any) -> Iterator[str]:
    """All texts of a document; nested so deep that this would not end, it could not have been read."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield name
            yield from _texts_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts_in(value)
    elif isinstance(document, str):
        yield document
