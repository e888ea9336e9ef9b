"""The made-up stream of events: the same by its seed, in its shares, about lines of the files and its own."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import UsageError
from lakehouse.sample import write_sample
from lakehouse.sample.event_garbage import GARBAGE
from lakehouse.sample.events import GARBAGE_PREFIX, Shares, clock_from, clock_of_machine, sale_messages
from lakehouse.streams.message import Message
from tests.unit.event_schemas import AT, product_schema

COUNT = 8_000


def stream(seed: int = 7, shares: Shares | None = None, rows: int = 500) -> Iterator[Message]:
    return sale_messages(product_schema(), seed=seed, shares=shares or Shares(), clock=clock_from(AT), rows=rows)


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return list(islice(stream(), COUNT))


def told(message: Message) -> dict[str, Any]:
    """The event that a good message is."""
    assert message.value is not None
    event: dict[str, Any] = json.loads(message.value)
    return event


def good(messages: list[Message]) -> list[Message]:
    return [one for one in messages if not one.kind.startswith(GARBAGE_PREFIX)]


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(messages: list[Message]) -> None:
    assert list(islice(stream(), 2_000)) == messages[:2_000]
    assert list(islice(stream(seed=8), 2_000)) != messages[:2_000]


def test_the_shares_are_kept(messages: list[Message]) -> None:
    kinds = Counter(m.kind.partition("_")[0] for m in messages)
    got = {
        "duplicates": kinds["duplicate"],
        "late": kinds["late"],
        "corrections": kinds["correction"],
        "deletes": kinds["delete"] + kinds["revival"],
        "garbage": kinds["garbage"],
    }
    for name, share in asdict(Shares()).items():
        assert got[name] / COUNT == pytest.approx(share, abs=0.012), name
    assert 0.2 < kinds["revival"] / got["deletes"] < 0.45
    assert kinds["new"] == COUNT - sum(got.values())


def test_all_of_one_kind_and_none_of_it() -> None:
    none = Shares(duplicates=0, late=0, corrections=0, deletes=0, garbage=0)
    assert {m.kind for m in islice(stream(shares=none), 300)} == {"new"}
    all_garbage = Shares(duplicates=0, late=0, corrections=0, deletes=0, garbage=1)
    kinds = [m.kind for m in islice(stream(shares=all_garbage), 2 * len(GARBAGE))]
    assert kinds == [f"{GARBAGE_PREFIX}{kind}" for kind in GARBAGE] * 2


@pytest.mark.parametrize(
    "shares, sentence",
    [
        ({"garbage": -0.1}, "the share of garbage is -0.1: choose a number from 0 to 1"),
        ({"late": 1.5}, "the share of late is 1.5: choose a number from 0 to 1"),
        ({"late": float("nan")}, "the share of late is nan: choose a number from 0 to 1"),
        (
            {"late": 0.9, "deletes": 0.2},
            "the shares of duplicates, late, corrections, deletes, garbage sum to 1.29: choose shares of 1 together",
        ),
    ],
)
def test_shares_that_cannot_be_are_refused(shares: dict[str, float], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        Shares(**shares)
    assert str(caught.value) == sentence


def test_good_events_are_of_the_contract_and_their_key_is_the_line_s(messages: list[Message]) -> None:
    schema = product_schema()
    for message in good(messages):
        event = told(message)
        row = event["row"]
        assert schema.required(event["op"]) <= {name for name, value in row.items() if value is not None}
        assert row.keys() <= {f.name for f in schema.row}
        assert message.key == row["row_id"].encode()
        assert (event["op"] == "delete") == (message.kind == "delete" or row.keys() == {"row_id"})


def test_a_duplicate_is_the_same_event_again_to_the_byte(messages: list[Message]) -> None:
    seen: set[bytes | None] = set()
    for message in good(messages):
        assert (message.value in seen) == (message.kind == "duplicate")
        seen.add(message.value)


def test_every_other_event_has_an_id_of_its_own(messages: list[Message]) -> None:
    ids = [told(m)["event_id"] for m in good(messages) if m.kind != "duplicate"]
    assert len(set(ids)) == len(ids)


def test_events_come_in_the_order_of_their_moments_but_for_late_ones(messages: list[Message]) -> None:
    on_time = [told(m)["event_time"] for m in good(messages) if m.kind not in ("late", "duplicate")]
    assert all(one < other for one, other in pairwise(on_time))
    assert datetime.fromisoformat(on_time[0]) == AT
    late = [datetime.fromisoformat(told(m)["event_time"]) for m in messages if m.kind == "late"]
    assert all(timedelta(days=1) <= AT - at + timedelta(seconds=1) <= timedelta(days=10, seconds=2) for at in late)


def test_corrections_and_deletes_are_about_lines_of_files_and_of_events(
    messages: list[Message], tmp_path: Path
) -> None:
    files = write_sample(tmp_path, rows=500, days=2, seed=7)
    of_files = {line.partition(",")[0] for file in files for line in file.path.read_text("utf-8").splitlines()[1:]}
    new = {m.key.decode() for m in messages if m.kind in ("new", "late")}
    assert not new & of_files - {m.key.decode() for m in messages if m.kind == "late"}
    for kind in ("correction", "delete"):
        about = [m.key.decode() for m in messages if m.kind == kind]
        assert set(about) <= of_files | new
        assert 0.3 < sum(key in of_files for key in about) / len(about) < 0.7


def test_a_revival_follows_the_delete_of_its_line(messages: list[Message]) -> None:
    gone: set[bytes] = set()
    for message in messages:
        if message.kind == "delete":
            gone.add(message.key)
        if message.kind == "revival":
            assert message.key in gone


def test_a_correction_says_otherwise_of_a_line() -> None:
    half = Shares(duplicates=0, late=0, corrections=0.5, deletes=0, garbage=0)
    said: dict[bytes, set[str]] = {}
    for message in islice(stream(shares=half), 2_000):
        rows = said.setdefault(message.key, set())
        row = json.dumps(told(message)["row"])
        assert row not in rows
        rows.add(row)


def test_the_machine_s_clock_never_tells_a_moment_twice() -> None:
    clock = clock_of_machine()
    moments = [clock() for _ in range(10_000)]
    assert all(one < other for one, other in pairwise(moments))
