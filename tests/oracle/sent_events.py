"""The oracle of events: what a message says, read by Python's own json, strictly; None where it must be kept out.

Bytes and Kafka's time of a message flow in; a statement in the words of `tests.oracle.silver` flows out. The rules for
rows are those of the CSV's oracle: from the texts on there is no other one.
"""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.oracle.csv_sources import COLUMNS, REQUIRED, derive, typed, violations
from tests.oracle.silver import BUSINESS_COLUMNS, Statement

SOURCE = "superstore"
ISO_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIELDS = list(COLUMNS[SOURCE].values())


class NoEventError(ValueError):
    """The message is to be kept out."""


def no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise NoEventError("a name stands twice")
    return dict(pairs)


def no_constant(name: str) -> None:
    """NaN and Infinity are no JSON."""
    raise NoEventError(name)


def text_of(name: str, value: Any) -> str:
    """The text of a field as a file would have it."""
    kind = BUSINESS_COLUMNS[name]
    if value is None:
        return ""
    if kind == "integer":
        if not isinstance(value, int) or isinstance(value, bool):
            raise NoEventError(name)
        return str(value)
    if not isinstance(value, str) or (kind == "date" and not ISO_DATE.fullmatch(value)):
        raise NoEventError(name)
    value.encode()  # a lone surrogate is no text
    return value


def moment_of(text: Any) -> datetime:
    """When an event says that it was said."""
    if not isinstance(text, str) or not ISO_MOMENT.fullmatch(text):
        raise NoEventError("event_time")
    return datetime.fromisoformat(text).astimezone(UTC)


def statement_of(value: bytes | None, timestamp: datetime) -> Statement | None:
    """What a message states; None where it states nothing that may go into silver."""
    try:
        return _stated(value, timestamp)
    except (ValueError, RecursionError):  # json's and Unicode's errors are ValueErrors, too
        return None


def _stated(value: bytes | None, timestamp: datetime) -> Statement:
    if value is None:
        raise NoEventError("no value")
    told = json.loads(value.decode(), object_pairs_hook=no_twice, parse_constant=no_constant)
    if not isinstance(told, dict) or told.get("schema_version") != 1 or isinstance(told["schema_version"], bool):
        raise NoEventError("not version 1")
    at, row, op = moment_of(told.get("event_time")), told.get("row"), told.get("op")
    if not isinstance(told.get("event_id"), str) or not isinstance(row, dict) or op not in ("upsert", "delete"):
        raise NoEventError("around the row")
    if at > timestamp + timedelta(minutes=5):
        raise NoEventError("ahead")
    names = ["row_id"] if op == "delete" else FIELDS
    texts = {name: text_of(name, row.get(name)) for name in names}
    content, reasons = _content(texts, at) if op == "upsert" else ({"row_id": texts["row_id"].strip()}, [])
    if reasons or not re.fullmatch("[0-9]+", content["row_id"]):
        raise NoEventError("; ".join(reasons))
    said = {} if op == "delete" else content
    return Statement(
        source_system=SOURCE, sale_id=content["row_id"], recorded_at=at, is_deleted=op == "delete", content=said
    )


def _content(texts: dict[str, str], at: datetime) -> tuple[dict[str, Any], list[str]]:
    fields = [texts[column] for column in COLUMNS[SOURCE].values()]
    places = {name: place for place, name in enumerate(COLUMNS[SOURCE])}
    content, reasons = typed(SOURCE, fields, places, REQUIRED[SOURCE], Counter())
    reasons += derive(SOURCE, content) + violations(content, at.date() + timedelta(days=1))
    return content, reasons
