"""Up to where events have landed, days that expire, and the words of failures: on tables made without Spark."""

import traceback
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.contract.derive.arrow_schema import arrow_schema
from lakehouse.errors import JobError
from lakehouse.ops import accounting, tables
from lakehouse.ops.accounting import DONE, Accounting
from lakehouse.ops.accounting import EVENTS as KIND
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.runtime.local_store import LocalStore
from lakehouse.streams.bronze import EVENTS
from lakehouse.streams.bronze.expiry import expirable, expire
from lakehouse.streams.bronze.faults import AwayError, told
from lakehouse.streams.bronze.positions import Floor, positions_of, write_floors

MONDAY, TUESDAY, WEDNESDAY = (date(2024, 6, day) for day in (3, 4, 5))


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path / "home"))
    return open_lake("local")


def land(lake: Lake, day: date, places: Iterable[tuple[int, int]], topic: str = "sales") -> None:
    """A commit of events at these partitions and offsets."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    rows = [
        {"topic": topic, "partition": partition, "offset": offset, "timestamp": noon, "key": None, "value": b"{}",
         "headers": None, "landing_day": day, "landed_at": noon, "_batch_id": "b"}
        for partition, offset in places
    ]  # fmt: skip
    schema = arrow_schema(lake.table(EVENTS))
    write_deltalake(lake.location(EVENTS), pa.Table.from_pylist(rows, schema), mode="append",
                    partition_by=["landing_day"])  # fmt: skip


def floor(partition: int, following: int, day: date, topic_id: str = "a") -> Floor:
    return Floor(topic="sales", partition=partition, topic_id=topic_id, next_offset=following, as_of_day=day)


def test_without_a_table_nothing_is_known(lake: Lake) -> None:
    found = positions_of(lake, "sales")
    assert (dict(found.next_offsets), found.topic_id, found.since, found.known) == ({}, None, None, False)


def test_a_position_is_behind_the_greatest_offset_of_its_partition_and_topic(lake: Lake) -> None:
    land(lake, MONDAY, [(0, 4), (0, 9), (1, 2)])
    land(lake, MONDAY, [(0, 70)], topic="other's")
    assert positions_of(lake, "sales").next_offsets == {0: 10, 1: 3}
    assert positions_of(lake, "other's").next_offsets == {0: 71}


def test_only_days_from_the_floor_on_are_read_and_the_greater_one_counts(lake: Lake) -> None:
    land(lake, MONDAY, [(0, 9), (2, 99)])
    write_floors(lake, [floor(0, 10, TUESDAY), floor(1, 3, TUESDAY)])
    found = positions_of(lake, "sales")
    assert (found.next_offsets, found.topic_id, found.since) == ({0: 10, 1: 3}, "a", TUESDAY)
    land(lake, TUESDAY, [(0, 14), (2, 0)])
    assert positions_of(lake, "sales").next_offsets == {0: 15, 1: 3, 2: 1}


def in_silver(lake: Lake, offsets: str) -> None:
    """Silver knows the messages of these spans."""
    batch = Accounting(
        batch_id="b", kind=KIND, source="superstore", topic="sales", offsets=offsets, generation=0,
        rule_fingerprint="", rows_in=0, silver_version=0, classes={}, status=DONE,
    )  # fmt: skip
    accounting.write(lake, batch)


def test_days_expire_that_silver_has_read_and_positions_stay(lake: Lake) -> None:
    land(lake, MONDAY, [(0, 1), (0, 2)])
    land(lake, TUESDAY, [(0, 3)])
    land(lake, WEDNESDAY, [(0, 4)])
    assert expirable(lake, WEDNESDAY) == []
    write_floors(lake, [floor(0, 3, TUESDAY)])
    assert expirable(lake, date(2024, 7, 1)) == [], "silver has not read them"
    in_silver(lake, "0:0-2")
    assert [(day.landing_day, day.events) for day in expirable(lake, date(2024, 7, 1))] == [(MONDAY, 2)]
    in_silver(lake, "0:0-4")
    before, files = positions_of(lake, "sales"), set(Path(lake.location(EVENTS)).rglob("*.parquet"))
    assert [day.landing_day for day in expire(lake, WEDNESDAY)] == [MONDAY, TUESDAY]
    after = positions_of(lake, "sales")
    assert (after.next_offsets, after.topic_id, after.since) == (before.next_offsets, "a", WEDNESDAY)
    assert [row["offset"] for row in tables.read(lake, EVENTS, ["offset"])] == [4]
    assert set(Path(lake.location(EVENTS)).rglob("*.parquet")) == files, "they stay for readers of older versions"
    assert expire(lake, WEDNESDAY) == []


def test_a_topic_that_lands_no_more_holds_no_day_back_and_keeps_its_position(lake: Lake) -> None:
    land(lake, MONDAY, [(0, 1), (1, 7)])
    write_floors(lake, [floor(0, 0, MONDAY)])
    land(lake, WEDNESDAY, [(0, 5)], topic="newer")
    write_floors(lake, [replace(floor(0, 5, WEDNESDAY), topic="newer")])
    for offsets in ("0:0-1", "0:0-1 1:0-7"):
        assert expirable(lake, WEDNESDAY) == []
        in_silver(lake, offsets)
    assert [day.landing_day for day in expire(lake, WEDNESDAY)] == [MONDAY]
    assert positions_of(lake, "sales").next_offsets == {0: 2, 1: 8}
    assert positions_of(lake, "newer").next_offsets == {0: 6}


@pytest.mark.parametrize("text, kind", [
    ("terminated: org.apache.kafka.common.errors.TimeoutException: Timed out", AwayError),
    ("Cannot fetch record for offset 12 in 15000 milliseconds", AwayError),
    ("org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized to access topics: [x]", JobError),
    ("java.io.IOException: No space left on device\n at org.apache.kafka.Any", RuntimeError),
    ("something else", RuntimeError),
])  # fmt: skip
def test_only_what_brokers_caused_is_tried_again(text: str, kind: type[Exception]) -> None:
    assert type(told(RuntimeError(text), "sales")) is kind


def test_the_reason_is_what_kafka_said() -> None:
    text = (
        "[STREAM_FAILED] Query [id = 1] x: org.apache.kafka.common.errors.TimeoutException: Timed out at 5\n\tat java"
    )
    assert "topic sales failed (Timed out at 5): see" in str(told(RuntimeError(text), "sales"))


def test_what_a_store_says_to_an_expiry_is_not_repeated(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    land(lake, MONDAY, [(0, 0)])
    write_floors(lake, [floor(0, 1, TUESDAY)])
    in_silver(lake, "0:0-0")

    def refused(*_: object, **__: object) -> None:
        raise OSError("<Error><Code>ExpiredToken</Code><Token-0>canary</Token-0></Error>")

    monkeypatch.setattr(DeltaTable, "delete", refused)
    monkeypatch.setattr(LocalStore, "refusal", lambda *_: JobError("the store refused a request"))
    with pytest.raises(JobError, match="the store refused a request") as error:
        expire(lake, WEDNESDAY)
    assert "canary" not in "".join(traceback.format_exception(error.value))
