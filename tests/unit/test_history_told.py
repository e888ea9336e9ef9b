"""How `history` shows the versions of a key: readable on a terminal, whole in JSON."""

import json
from datetime import datetime
from typing import Any

import pytest

from lakehouse.cli.versions import readable, title
from tests.unit.calls import Command


def version(**told: Any) -> dict[str, Any]:
    given = {
        "customer_sk": 123456789012345678,
        "source_system": "superstore",
        "customer_id": "c1",
        "segment": "Corporate",
        "country": None,
        "valid_from": datetime(1900, 1, 1),
        "valid_to": datetime(9999, 12, 31),
        "is_current": True,
        "first_observed_at": datetime(2023, 12, 22),
        "facts": 2000,
    }
    return given | told


SPLIT = [
    version(valid_to=datetime(2024, 3, 15, 8, 26), is_current=False),
    version(valid_from=datetime(2024, 3, 15, 8, 26), segment=None, first_observed_at=datetime(2024, 3, 15, 8, 26)),
]


def test_versions_are_readable() -> None:
    columns, rows = readable(SPLIT)
    left_out = ("country", "customer_id", "source_system")
    assert columns == [name if name != "is_current" else "current" for name in SPLIT[0] if name not in left_out]
    assert title("customer", "c1", SPLIT) == "customer c1 of superstore"
    key = "123456789012345678"
    assert rows == [
        [key, "Corporate", "beginning", "2024-03-15 08:26:00", "", "2023-12-22", 2000],
        [key, None, "2024-03-15 08:26:00", "open", "current", "2024-03-15 08:26:00", 2000],
    ]


def test_a_key_of_two_sources_is_told_with_them() -> None:
    versions = [version(), version(source_system="online_retail")]
    columns, rows = readable(versions)
    assert title("customer", "c1", versions) == "customer c1"
    assert [row[columns.index("source_system")] for row in rows] == ["superstore", "online_retail"]


def test_first_observed_at_is_left_out_where_it_says_nothing() -> None:
    day = datetime(2024, 3, 15)
    columns, rows = readable([version(valid_from=day, first_observed_at=day)])
    assert "first_observed_at" not in columns
    assert rows == [["123456789012345678", "Corporate", "2024-03-15", "open", "current", 2000]]


def test_members_have_no_first_observation() -> None:
    columns, rows = readable([version(customer_sk=-1, first_observed_at=None)])
    assert "first_observed_at" not in columns
    assert rows[0][0] == "-1"


def test_history_shows_readable_versions_and_json_their_values(
    no_session: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.gold.history.history", lambda *_: SPLIT)
    shown = no_session("history", "customer", "c1").out
    assert all(text in shown for text in ("123456789012345678", "beginning", "open", "2 000", "current"))
    assert "country" not in shown
    first, _ = json.loads(no_session("history", "customer", "c1", "--json").out)["versions"]
    assert (first["valid_from"], first["customer_sk"]) == ("1900-01-01T00:00:00", 123456789012345678)
    assert first["country"] is None
