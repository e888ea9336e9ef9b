"""A batch of events: garbage waits in quarantine, a gate holds, a withdrawal knows of events, a replay only counts."""

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.bronze.messages import Asked
from lakehouse.care.verify import findings
from lakehouse.conf import conf_folder
from lakehouse.errors import UsageError
from lakehouse.ops import accounting, tables
from lakehouse.ops.accounting import HELD
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample import write_sample
from lakehouse.sample.event_garbage import GARBAGE
from lakehouse.sample.events import Shares
from lakehouse.silver.pending import accept
from lakehouse.silver.withdraw import withdraw
from lakehouse.streams.message import Message
from lakehouse.streams.silver.again import judge_again, replayable
from tests.oracle.silver import silver_of
from tests.spark.events.landing import TOPIC, Topic, bring, messages
from tests.spark.travels import expected, sales, standings, travel

ROWS = 400
GATE = "\n  quantity_is_one: {check: at_least, column: quantity, min: 1000, on_fail: abort}\n"


def holds(spark: SparkSession, lake: Lake) -> None:
    assert [one for one in findings(lambda: spark, lake, rebuild=True) if not one.ok] == []


def test_each_kind_of_garbage_is_in_quarantine_once_and_what_follows_goes_on(spark: SparkSession, lake: Lake) -> None:
    topic = Topic(lake=lake)
    only = Shares(duplicates=0, late=0, corrections=0, deletes=0, garbage=1)
    topic.land(spark, messages(lake, len(GARBAGE), seed=5, rows=ROWS, shares=only))
    topic.land(spark, [Message(key=b"", value=bytes(range(256)) * 20, kind="bytes"), *good(lake)])
    done = bring(spark, lake)
    rows = {(row["partition"], row["offset"]): row for row in tables.read(lake, "ops.quarantine", topic=TOPIC)}
    assert rows.keys() == topic.kept_out.keys()
    for place, message in topic.kept_out.items():
        kept = rows[place]["raw_bytes"] if rows[place]["raw_text"] is None else rows[place]["raw_text"].encode()
        assert kept == message.value, message.kind
        assert rows[place]["reasons"], message.kind
    assert done.classes["quarantined"] == len(rows)
    assert done.warnings["unknown_field"] == 2
    assert standings(sales(spark, lake)) == expected(silver_of(topic.statements))
    holds(spark, lake)


def good(lake: Lake) -> list[Message]:
    return messages(
        lake, 5, seed=6, rows=ROWS, shares=Shares(duplicates=0, late=0, corrections=0, deletes=0, garbage=0)
    )


def test_a_file_that_is_taken_back_leaves_its_lines_to_events(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    topic = Topic(lake=lake)
    (file,) = write_sample(tmp_path / "files", rows=ROWS, days=1)
    events = messages(lake, 250, seed=9, rows=ROWS)
    topic.land(spark, events[:120])
    bring(spark, lake)
    travel(spark, lake, "superstore", [file.path], as_of=topic.statements[60].recorded_at)  # between the events
    topic.land(spark, events[120:])
    bring(spark, lake)
    (landing_id,) = {one.landing_id for one in accounting.read(lake, kind="csv")}
    assert landing_id is not None
    withdraw(spark, lake, "superstore", [landing_id])
    assert standings(sales(spark, lake)) == expected(silver_of(topic.statements))
    holds(spark, lake)


def test_a_replay_changes_nothing_but_the_books(spark: SparkSession, lake: Lake) -> None:
    topic = Topic(lake=lake)
    topic.land(spark, messages(lake, 200, seed=3, rows=ROWS))
    done = bring(spark, lake)
    before, kept_out = standings(sales(spark, lake)), tables.read(lake, "ops.quarantine")
    version = tables.version(lake, "silver.sales")
    spans = replayable(lake, TOPIC, Asked(from_offset=0))
    for generation in range(2):
        again = judge_again(spark, lake, spans)
        assert (again.kind, again.generation, again.rows_in) == ("replay", generation, 200)
        assert again.classes["quarantined"] == done.classes["quarantined"]
        assert {n for n, count in again.classes.items() if count} <= {"quarantined", "duplicate", "stale"}
    assert (standings(sales(spark, lake)), tables.version(lake, "silver.sales")) == (before, version)
    assert tables.read(lake, "ops.quarantine") == kept_out
    holds(spark, lake)
    with pytest.raises(UsageError, match="no such message of topic"):
        replayable(lake, TOPIC, Asked(from_offset=10_000))


@pytest.fixture
def strict_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of this test's own, whose Superstore has a gate that holds every batch."""
    folder = tmp_path / "conf"
    shutil.copytree(conf_folder(), folder)
    source = folder / "sources" / "superstore.yml"
    source.write_text(source.read_text().replace("\nexpectations:\n", "\nexpectations:" + GATE))
    monkeypatch.setenv("LAKEHOUSE_CONF", str(folder))
    return source


def test_a_held_batch_waits_and_later_ones_go_on(spark: SparkSession, home: Path, strict_conf: Path) -> None:
    lake = open_lake("local")
    topic = Topic(lake=lake)
    events = messages(lake, 100, seed=3, rows=ROWS)
    topic.land(spark, events[:50])
    assert bring(spark, lake).held == 1
    strict_conf.write_text(strict_conf.read_text().replace(GATE, "\n"))
    lake = open_lake("local")
    topic.lake = lake
    topic.land(spark, events[50:])
    assert bring(spark, lake).rows == 50
    (held,) = accounting.read(lake, status=HELD)
    with pytest.raises(UsageError, match="a gate holds some of these messages"):
        replayable(lake, TOPIC, Asked(from_offset=0))
    holds(spark, lake)
    accept(lake, held.batch_id)
    assert bring(spark, lake).rows == 50
    assert standings(sales(spark, lake)) == expected(silver_of(topic.statements))
    holds(spark, lake)


def test_a_message_that_a_mended_rule_lets_pass_goes_into_silver_and_one_that_broke_stays(
    spark: SparkSession, home: Path, strict_conf: Path
) -> None:
    kept = strict_conf.read_text()
    strict_conf.write_text(kept.replace("on_fail: abort", "on_fail: quarantine").replace("min: 1000", "min: 5"))
    lake = open_lake("local")
    topic = Topic(lake=lake)
    topic.land(spark, good(lake) + messages(lake, 30, seed=8, rows=ROWS))
    first = bring(spark, lake)
    assert first.classes["quarantined"] > len(topic.kept_out)
    strict_conf.write_text(kept.replace(GATE, "\n"))
    free = open_lake("local")
    again = judge_again(spark, free, replayable(free, TOPIC, Asked(from_offset=0)))
    assert again.classes["quarantined"] == len(topic.kept_out)
    assert standings(sales(spark, free)) == expected(silver_of(topic.statements))
    statuses = [row["status"] for row in tables.read(free, "ops.quarantine")]
    assert statuses.count("replayed") == first.classes["quarantined"] - len(topic.kept_out)
    holds(spark, free)
    strict_conf.write_text(kept.replace("on_fail: abort", "on_fail: quarantine").replace("min: 1000", "min: 5"))
    strict = open_lake("local")
    third = judge_again(spark, strict, replayable(strict, TOPIC, Asked(from_offset=0)))
    assert third.classes["regressed"] > 0
    assert standings(sales(spark, strict)) == expected(silver_of(topic.statements))
