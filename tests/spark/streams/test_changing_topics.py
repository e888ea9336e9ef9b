"""Topics and brokers that change while they are followed: more partitions, a broker killed, events gone, made anew."""

import os
import signal
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import JobError
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.streams import broker
from lakehouse.streams.asking import asked
from lakehouse.streams.bronze.positions import positions_of
from lakehouse.streams.bronze.start import Gap, LostError
from lakehouse.streams.topic_offsets import offsets_of
from tests.kafka.producers import told
from tests.kills import ended
from tests.spark.streams.conftest import SERVERS, TOPIC
from tests.spark.streams.following import following
from tests.spark.streams.landed import all_landed, landed
from tests.unit.calls import Command

pytestmark = pytest.mark.timeout(600)


def delete_before(address: str, topic: str, offset: int | dict[int, int]) -> None:
    """What retention does: the offsets of each partition before this one are gone; or each before its own."""
    from kafka import TopicPartition

    with asked({"bootstrap_servers": [address]}) as client:
        count = len(client.describe_topics([topic])[0]["partitions"])
        before = offset if isinstance(offset, dict) else dict.fromkeys(range(count), offset)
        client.delete_records({TopicPartition(topic, number): first for number, first in before.items()})


@pytest.fixture
def produce(lakehouse: Command, oracle: Path) -> "Command":
    """Sends so many events; they are in the oracle."""

    def send(events: int, *more: object) -> None:
        made = lakehouse("produce", "--events", events, "--seed", time.monotonic_ns() % 10_000, "--oracle", oracle,
                         "--partitions", 3, *more)  # fmt: skip
        assert made.code == 0, made.err

    return send


def test_partitions_that_a_topic_gets_later_are_landed(
    spark: SparkSession, lake: Lake, served: Path, topic: str, oracle: Path, lakehouse: Command, produce: Command
) -> None:
    produce(300)
    with following(spark, lake, topic) as job:
        job.until(lambda now: now.landed_now() >= 300)
        assert lakehouse("kafka", "topic", topic, "--partitions", 6).code == 0
        produce(600)
        job.until(lambda now: now.landed_now() >= 900)
    assert job.failed is None
    assert all_landed(lake, served, topic, oracle) == 900
    assert {partition for partition, _ in landed(lake, topic)} == set(range(6))


def test_a_broker_that_is_killed_and_comes_back_is_waited_for(
    spark: SparkSession, tmp_path: Path, oracle: Path, monkeypatch: pytest.MonkeyPatch, produce: Command
) -> None:
    home = tmp_path / "own"
    monkeypatch.setenv("LAKEHOUSE_HOME", str(home))
    monkeypatch.setenv(TOPIC, "sales")
    there, _ = broker.start(str(home))
    try:
        produce(300)
        lake = open_lake("local")
        with following(spark, lake, "sales") as job:
            job.until(lambda now: now.landed_now() >= 300)
            os.kill(there.pid, signal.SIGKILL)
            job.until(lambda now: now.says("the brokers fail: trying again for 60 s"))
            broker.start(str(home))
            produce(300)
            job.until(lambda now: now.landed_now() >= 600)
        assert job.failed is None
        assert all_landed(lake, home, "sales", oracle) == 600
        with following(spark, lake, "sales", patience=1.0) as job:
            job.until(lambda now: now.begun())
            broker.stop(str(home))
            assert isinstance(job.ended(), JobError)
        assert "no broker runs here" in str(job.failed)
    finally:
        broker.stop(str(home))


def test_events_deleted_before_they_were_landed_stop_it_unless_it_is_told_to_go_on(
    spark: SparkSession, lake: Lake, topic: str, produce: Command, lakehouse: Command
) -> None:
    produce(300)
    assert lakehouse("stream", "bronze", "--once").code == 0
    produce(3_000)
    kept = landed(lake, topic)
    address = os.environ[SERVERS]
    delete_before(address, topic, 500)
    done = lakehouse("stream", "bronze", "--once")
    assert done.code == 1
    assert f"of topic {topic} were deleted before they were landed, by its retention or by hand" in done.sentence
    assert landed(lake, topic) == kept
    done = lakehouse("stream", "bronze", "--once", "--skip-lost")
    assert done.code == 0
    assert "offset(s) were gone" in done.out
    assert "are gone and left out" in done.err
    found = landed(lake, topic)
    assert {place for place in found if place[1] < 500} == kept.keys()
    assert "0 event(s) landed" in lakehouse("stream", "bronze", "--once").out


def test_events_that_vanish_while_they_are_followed_are_told(
    spark: SparkSession, lake: Lake, topic: str, produce: Command
) -> None:
    produce(300)
    with following(spark, lake, topic, most=30) as job:
        job.until(lambda now: now.landed_now() >= 30)
        produce(6_000)
        delete_before(os.environ[SERVERS], topic, 1_500)
        assert isinstance(job.ended(), LostError)
    with following(spark, lake, topic, skip_lost=True) as job:
        job.until(lambda now: now.landed_now() >= 300)
    assert all(isinstance(gap, Gap) and gap.end == 1_500 for gap in job.landed.gaps)
    assert len(job.landed.gaps) == 3


def test_a_topic_made_anew_is_never_taken_for_the_one_before(
    spark: SparkSession, lake: Lake, topic: str, produce: Command, lakehouse: Command
) -> None:
    produce(300)
    assert lakehouse("stream", "bronze", "--once").code == 0
    kept = landed(lake, topic)
    with asked({"bootstrap_servers": [os.environ[SERVERS]]}) as client:
        client.delete_topics([topic])
    time.sleep(1)
    produce(3_000)
    for more in ([], ["--skip-lost"]):
        done = lakehouse("stream", "bronze", "--once", *more)
        assert done.code == 1
        assert f"topic {topic} was deleted and made anew since its events were landed" in done.sentence
    assert landed(lake, topic) == kept


def test_a_topic_made_anew_between_two_batches_is_not_taken_for_the_one_before(
    spark: SparkSession, lake: Lake, topic: str, produce: Command
) -> None:
    produce(300)
    with following(spark, lake, topic, every=20.0) as job:
        job.until(lambda now: now.landed_now() == 300)
        kept = landed(lake, topic)
        with asked({"bootstrap_servers": [os.environ[SERVERS]]}) as client:
            client.delete_topics([topic])
        time.sleep(1)
        produce(3_000)
        assert isinstance(job.ended(), LostError)
    assert landed(lake, topic) == kept


def test_a_rest_without_events_may_be_deleted(
    spark: SparkSession, lake: Lake, served: Path, topic: str, oracle: Path, lakehouse: Command, produce: Command
) -> None:
    """The ends of transactions, and what was aborted, are nothing that could be lost."""
    produce(300)
    produce(300, "--abort", 1)
    for seed in (1, 2):
        assert lakehouse("stream", "bronze", "--once").code == 0
        for number, span in offsets_of(lake.settings, topic).spans.items():
            delete_before(os.environ[SERVERS], topic, {number: span.end})
        done = lakehouse("stream", "bronze", "--once")
        assert (done.code, "0 event(s) landed" in done.out) == (0, True), done.err
        produce(30 * seed)
    assert lakehouse("stream", "bronze", "--once").code == 0
    assert told(oracle) == landed(lake, topic)


def test_a_rest_that_a_killed_job_left_is_known_from_the_next_one_on(
    spark: SparkSession, lake: Lake, home: Path, topic: str, produce: Command
) -> None:
    produce(300)
    assert ended(home, "stream", "bronze", "--once", LAKEHOUSE_KILL_AT="stream-batch-done").returncode == -9
    with following(spark, lake, topic) as job:
        job.until(lambda now: now.begun())
        ends = {number: span.end for number, span in offsets_of(lake.settings, topic).spans.items()}
        assert positions_of(lake, topic).next_offsets == ends


def test_a_compacted_topic_is_told_of_and_another_is_not(
    spark: SparkSession, lake: Lake, served: Path, topic: str, produce: Command
) -> None:
    there = broker.running(str(served))
    assert there is not None
    with asked({"bootstrap_servers": [there.address]}) as client:
        client.create_topics({topic: {"num_partitions": 3, "configs": {"cleanup.policy": "compact,delete"}}})
        client.wait_for_topics([topic])
    produce(10)
    with following(spark, lake, topic) as job:
        job.until(lambda now: now.landed_now() >= 10)
    assert job.said[0].startswith(f"topic {topic} is compacted (cleanup.policy)")
    produce(10, "--topic", f"{topic}-plain")
    with following(spark, lake, f"{topic}-plain") as job:
        job.until(lambda now: now.landed_now() >= 10)
    assert not job.says("is compacted")
