"""A micro-batch of events into the table: what the streaming query calls.

In: the messages of a batch, under the lease of the table. Out: one commit, signed with the batch's id; none where the
batch is empty. Guaranteed: lease and topic are checked before each commit; days never go back, however the clock does;
when a day begins, up to where the days before it go is written down first.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from time import monotonic

from pyspark.sql import DataFrame

from lakehouse.ops.killpoints import reached
from lakehouse.ops.opening import opened
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.refused import in_our_words
from lakehouse.runtime.storage import Lease, Say
from lakehouse.streams.bronze import EVENTS
from lakehouse.streams.bronze.brokers import check_topic, rests
from lakehouse.streams.bronze.compaction import compact
from lakehouse.streams.bronze.positions import floors_of, positions_of, write_floors
from lakehouse.streams.bronze.rows import landed_rows
from lakehouse.streams.bronze.start import Gap

COMMITS_A_COMPACTION = 50
"""After so many commits it is looked whether the day has too many small files."""

ONE_DAY = ("spark.sql.maxConcurrentOutputFileWriters", "2")
"""Else Spark would sort each batch by its one landing day before it writes it."""


@dataclass(kw_only=True, slots=True)
class Landed:
    """What a job has landed so far and in how long, and the offsets that it left out because they are gone."""

    topic: str
    batches: int = 0
    rows: int = 0
    seconds: float = 0.0
    gaps: list[Gap] = field(default_factory=list)


@dataclass(kw_only=True)
class Sink:
    """One life of the query: what it began at, and where it counts what it lands.

    `stopping` set makes it take no batch more; `idle` is set while none is under way; `error` is what went wrong here.
    """

    lake: Lake
    held: Lease
    landed: Landed
    topic_id: str
    life: str
    begin: Mapping[int, int]
    day: date
    say: Say
    stopping: threading.Event = field(default_factory=threading.Event)
    idle: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self.idle.set()

    def __call__(self, messages: DataFrame, number: int) -> None:
        """Land a batch; the query fails where this raises."""
        self.idle.clear()
        try:
            if not self.stopping.is_set():
                self._land(messages, number)
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.idle.set()

    def _land(self, messages: DataFrame, number: int) -> None:
        began, now = monotonic(), datetime.now(UTC)
        reached("stream-batch-begun")
        self._begin_day(messages, now.date())
        batch_id = f"{self.life}-{number}"
        events = landed_rows(messages, batch_id, self.day, now, self.begin)
        check_topic(self.lake.settings, self.landed.topic, self.topic_id)
        self.held.check()
        append(self.lake, events.coalesce(self.lake.settings.spark.shuffle_partitions), batch_id)
        reached("stream-written")
        if rows := rows_landed(self.lake, batch_id):
            self.landed.batches, self.landed.rows = self.landed.batches + 1, self.landed.rows + rows
            self.say(f"{rows} event(s) landed in {monotonic() - began:.1f} s, {self.landed.rows} in all")
            if self.landed.batches % COMMITS_A_COMPACTION == 0:
                compact(messages.sparkSession, self.lake, self.day)
        reached("stream-batch-done")

    def _begin_day(self, messages: DataFrame, today: date) -> None:
        """Where a day begins: write down up to where those before it go, and compact them."""
        if today <= self.day:
            return
        topic = self.landed.topic
        offsets = {**self.begin, **positions_of(self.lake, topic).next_offsets}
        offsets |= rests(self.lake.settings, topic, self.topic_id, offsets)
        write_floors(self.lake, floors_of(topic, self.topic_id, offsets, today))
        self.day = today
        compact(messages.sparkSession, self.lake, today)


def append(lake: Lake, rows: DataFrame, batch_id: str) -> None:
    """Add rows in one commit that carries the batch's id; none where there are no rows."""
    rows.sparkSession.conf.set(*ONE_DAY)
    rows.write.format("delta").mode("append").option("userMetadata", batch_id).save(lake.location(EVENTS))


def rows_landed(lake: Lake, batch_id: str) -> int:
    """How many rows the newest commit brought, where it is the batch's; 0 where it is not: the batch was empty."""
    with in_our_words(lake.store, lake.location(EVENTS)):
        (newest,) = opened(lake, EVENTS).history(limit=1)
    if newest.get("userMetadata") != batch_id:
        return 0
    return int(newest["operationMetrics"]["numOutputRows"])
