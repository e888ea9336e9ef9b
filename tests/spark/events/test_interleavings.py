"""The same events and files, in any interleaving and any batches, make the same silver: that of the oracle."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.care.verify import findings
from lakehouse.ops import accounting
from lakehouse.runtime.lake import Lake
from lakehouse.sample import SampleFile, write_sample
from lakehouse.streams.message import Message
from tests.oracle.csv_sources import read_csv
from tests.oracle.silver import Statement, silver_of
from tests.spark.events.landing import Topic, bring, messages, versions
from tests.spark.travels import expected, sales, standings, travel

ROWS = 400
BOOKS = ("silver.sales", "ops.row_accounting", "ops.quarantine", "ops.landed_files", "ops.runs")


def said_by(file: SampleFile) -> list[Statement]:
    batch = read_csv("superstore", file.path.read_bytes(), "utf-8", ",", file.as_of)
    return [one for _, one in batch.statements]


@pytest.mark.parametrize(
    "seed", [1, 2, pytest.param(3, marks=pytest.mark.soak), pytest.param(4, marks=pytest.mark.soak)]
)
def test_silver_is_the_oracles(spark: SparkSession, lake: Lake, tmp_path: Path, seed: int) -> None:
    chance, topic = random.Random(seed), Topic(lake=lake)
    files = write_sample(tmp_path / "files", rows=ROWS, seed=seed)
    events = messages(lake, 360, seed=seed, rows=ROWS)
    parts = [events[start : start + 120] for start in range(0, 360, 120)]
    steps: list[SampleFile | list[Message]] = [*files, *parts]
    chance.shuffle(steps)
    for step in steps:
        if isinstance(step, SampleFile):
            travel(spark, lake, "superstore", [step.path])
        else:
            topic.land(spark, step)
            if chance.random() < 0.7:  # else the next batch takes it, too
                bring(spark, lake, most=chance.choice([70, 1_000]))
    bring(spark, lake)
    state = silver_of([*topic.statements, *(one for file in files for one in said_by(file))])
    assert standings(sales(spark, lake)) == expected(state)
    books = accounting.read(lake, kind="events")
    assert sum(one.rows_in for one in books) == len(topic.landed)
    assert sum(one.classes["quarantined"] for one in books) == len(topic.kept_out)
    assert [one for one in findings(lambda: spark, lake, rebuild=True) if not one.ok] == []
    before = versions(lake, BOOKS)
    assert bring(spark, lake).batches == 0
    assert versions(lake, BOOKS) == before


def test_an_old_file_that_comes_after_newer_events_changes_none_of_their_lines(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    topic = Topic(lake=lake)
    (file,) = write_sample(tmp_path / "files", rows=ROWS, days=1)
    topic.land(spark, [one for one in messages(lake, 300, seed=7, rows=ROWS) if one.kind in ("correction", "delete")])
    bring(spark, lake)
    by_events = standings(sales(spark, lake))
    travel(spark, lake, "superstore", [file.path])
    after = standings(sales(spark, lake))
    assert by_events.items() <= after.items()
    assert after == expected(silver_of([*topic.statements, *said_by(file)]))


def test_a_file_and_an_event_of_one_moment_come_to_the_same_in_both_orders(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    (file,) = write_sample(tmp_path / "files", rows=ROWS, days=1)
    events = [one for one in messages(lake, 200, seed=7, rows=ROWS) if one.kind == "correction"]
    at = datetime(2024, 6, 1, tzinfo=UTC)
    same = [_said_at(one, at) for one in events]
    found = []
    for name, first in (("events", True), ("file", False)):
        there = Topic(lake=lake, name=name)
        if first:
            there.land(spark, same)
            bring(spark, lake, topic=name)
            travel(spark, lake, "superstore", [file.path], as_of=at)
            found.append(standings(sales(spark, lake)))
            assert found[0] == expected(silver_of([*there.statements, *_at(file, at)]))
        else:
            there.land(spark, same)  # once more, after the file
            assert bring(spark, lake, topic=name).classes["updated"] == 0
            assert standings(sales(spark, lake)) == found[0]


def _said_at(message: Message, at: datetime) -> Message:
    import json

    assert message.value is not None
    told = json.loads(message.value) | {"event_time": at.isoformat().replace("+00:00", "Z")}
    return Message(key=message.key, value=json.dumps(told).encode(), kind=message.kind)


def _at(file: SampleFile, at: datetime) -> list[Statement]:
    batch = read_csv("superstore", file.path.read_bytes(), "utf-8", ",", at)
    return [one for _, one in batch.statements]
