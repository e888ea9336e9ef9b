"""Promise 3 for events: a batch, or a replay, ended at every step, with other batches after it than would have been.

Whatever is left half done, silver is the oracle's in the end, and each message is in the books once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.bronze.messages import Asked
from lakehouse.care.verify import findings
from lakehouse.ops import accounting, tables
from lakehouse.ops.accounting import DONE, EVENTS, REPLAY
from lakehouse.ops.killpoints import SILVER_POINTS
from lakehouse.runtime.lake import Lake
from lakehouse.silver.job import finish_begun
from lakehouse.streams.silver.again import judge_again, replayable
from tests.kills import Killed, leftovers, raising
from tests.oracle.silver import silver_of
from tests.spark.events.landing import TOPIC, Topic, bring, messages
from tests.spark.travels import expected, sales, standings

ROWS = 300


@contextmanager
def ended_at(point: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the block does ends at the point, as SIGKILL would end it."""
    with monkeypatch.context() as patched:
        for module in ("batch", "settle"):
            patched.setattr(f"lakehouse.silver.{module}.reached", raising(point))
        with pytest.raises(Killed):
            yield


def holds(spark: SparkSession, lake: Lake, topic: Topic) -> None:
    """Silver, quarantine and books are what the messages make of them; nothing is left behind."""
    assert standings(sales(spark, lake)) == expected(silver_of(topic.statements))
    kept_out = [(row["partition"], row["offset"]) for row in tables.read(lake, "ops.quarantine", topic=TOPIC)]
    assert sorted(kept_out) == sorted(topic.kept_out)
    books = accounting.read(lake, kind=EVENTS)
    assert {one.status for one in books} == {DONE}
    assert sum(one.rows_in for one in books) == len(topic.landed)
    assert [one for one in findings(lambda: spark, lake, rebuild=False) if not one.ok] == []
    assert leftovers(lake) == []


SHORT = ("staged", "prepared", "merged")
"""The points of `make test`; the protocol is that of files, which are killed at each of them there."""


def points(*named: str) -> list[Any]:
    return [pytest.param(point, marks=() if point in SHORT else pytest.mark.soak) for point in named]


@pytest.mark.parametrize("most", [60, pytest.param(1_000, marks=pytest.mark.soak)])
@pytest.mark.parametrize("point", points(*SILVER_POINTS))
def test_a_batch_ended_at_a_step_is_completed_whatever_has_landed_since(
    point: str, most: int, spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, events = Topic(lake=lake), messages(lake, 240, seed=4, rows=ROWS)
    topic.land(spark, events[:80])
    bring(spark, lake)
    topic.land(spark, events[80:160])
    with ended_at(point, monkeypatch):
        bring(spark, lake)
    topic.land(spark, events[160:])
    bring(spark, lake, most=most)
    holds(spark, lake, topic)


@pytest.mark.parametrize("point", points("staged", "prepared", "merged", "done"))
def test_a_replay_ended_at_a_step_changes_nothing_but_the_books(
    point: str, spark: SparkSession, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = Topic(lake=lake)
    topic.land(spark, messages(lake, 120, seed=4, rows=ROWS))
    bring(spark, lake)
    spans = replayable(lake, TOPIC, Asked(from_offset=0))
    with ended_at(point, monkeypatch):
        judge_again(spark, lake, spans)
    with lake.lease("silver.sales") as held:
        finish_begun(spark, lake, held)
    judge_again(spark, lake, spans)
    again = accounting.read(lake, kind=REPLAY)
    assert {one.status for one in again} == {DONE}
    assert {one.rows_in for one in again} == {120}
    holds(spark, lake, topic)
