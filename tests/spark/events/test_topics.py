"""More than one topic, topics that grow, and others who want silver's lease meanwhile."""

import threading
import time

from pyspark.sql import SparkSession

from lakehouse.ops import accounting
from lakehouse.ops.accounting import EVENTS
from lakehouse.runtime.lake import Lake
from lakehouse.silver import SALES
from lakehouse.silver.messages import processed
from lakehouse.streams.pace import Pace
from lakehouse.streams.silver.job import Job, Processed, process_events
from tests.oracle.silver import silver_of
from tests.spark.events.landing import TOPIC, Topic, bring, messages
from tests.spark.travels import expected, sales, standings

ROWS = 300


def test_topics_go_each_their_own_way_into_one_silver(spark: SparkSession, lake: Lake) -> None:
    topics = [Topic(lake=lake, name=name) for name in ("shop", "web'shop")]
    for seed in (1, 2):
        for topic in topics:
            topic.land(spark, messages(lake, 60, seed=seed + len(topic.name), rows=ROWS))
        assert bring(spark, lake, topic=topics[seed % 2].name).rows == 60 * seed
    assert bring(spark, lake, topic=topics[1].name).rows == 60
    for topic in topics:
        assert processed(lake, topic.name) == dict(sorted(ends(topic).items()))
        books = accounting.read(lake, kind=EVENTS, topic=topic.name)
        assert sum(one.rows_in for one in books) == 120
    assert standings(sales(spark, lake)) == expected(silver_of(topics[0].statements + topics[1].statements))


def ends(topic: Topic) -> dict[int, int]:
    found: dict[int, int] = {}
    for partition, offset, _ in topic.landed:
        found[partition] = max(found.get(partition, 0), offset + 1)
    return found


def test_a_partition_that_comes_late_is_read_from_its_first_message(spark: SparkSession, lake: Lake) -> None:
    topic, events = Topic(lake=lake, partitions=2), messages(lake, 120, seed=5, rows=ROWS)
    topic.land(spark, events[:60])
    bring(spark, lake)
    topic.partitions = 5
    topic.land(spark, events[60:])
    assert bring(spark, lake, most=20).rows == 60
    assert processed(lake, TOPIC) == ends(topic)
    assert len(ends(topic)) == 5
    assert standings(sales(spark, lake)) == expected(silver_of(topic.statements))


def test_others_take_their_turn_between_two_batches(spark: SparkSession, lake: Lake) -> None:
    topic, batches = Topic(lake=lake), 8
    topic.land(spark, messages(lake, 20 * batches, seed=6, rows=ROWS))
    done = Processed(topic=TOPIC)
    pace = Pace(every=None, most=20)
    job = Job(session=lambda: spark, lake=lake, topic=TOPIC, pace=pace, done=done, stop=threading.Event())
    stream = threading.Thread(target=process_events, args=(job,))
    stream.start()
    turns = []
    while done.batches == 0:
        time.sleep(0.05)
    for _ in range(3):
        with lake.lease(SALES):
            turns.append(done.batches)
            time.sleep(0.2)
            assert done.batches == turns[-1], "a batch closed under a lease that another holds"
    stream.join()
    assert turns[-1] < batches <= done.batches, turns
    assert done.rows == 20 * batches
    assert standings(sales(spark, lake)) == expected(silver_of(topic.statements))
