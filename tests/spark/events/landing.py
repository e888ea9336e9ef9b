"""Messages put straight into the table of messages, without a broker, and brought to silver.

Messages flow in, one after the other, over the partitions of a topic; rows of `bronze.sales_events` and accountings
flow out.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from pyspark.sql import SparkSession

from lakehouse.bronze import EVENTS
from lakehouse.contract.derive.event_schema import event_schema
from lakehouse.ops import tables
from lakehouse.runtime.delta import create_table
from lakehouse.runtime.lake import Lake
from lakehouse.sample.events import Shares, clock_from, sale_messages
from lakehouse.streams.message import Message
from lakehouse.streams.pace import Pace
from lakehouse.streams.silver.job import Job, Processed, process_events
from tests.oracle.sent_events import statement_of
from tests.oracle.silver import Statement

TOPIC = "sales-events"
SENT = datetime(2024, 6, 1, tzinfo=UTC)
SHARES = Shares(duplicates=0.15, late=0.1, corrections=0.25, deletes=0.1, garbage=0.1)


@dataclass(kw_only=True)
class Topic:
    """A topic of some partitions whose messages land at once; offsets have gaps, as transactions leave them."""

    lake: Lake
    name: str = TOPIC
    partitions: int = 3
    offsets: Counter[int] = field(default_factory=Counter)
    landed: list[tuple[int, int, Message]] = field(default_factory=list)

    def land(self, spark: SparkSession, messages: Sequence[Message]) -> None:
        """Put messages into the table, in one commit."""
        create_table(spark, self.lake, self.lake.table(EVENTS))
        rows = []
        for number, message in enumerate(messages):
            partition = hash_of(message.key) % self.partitions
            offset = self.offsets[partition]
            self.offsets[partition] += 2 if number % 10 == 9 else 1
            self.landed.append((partition, offset, message))
            rows.append(self._row(partition, offset, message))
        tables.append(self.lake, EVENTS, rows)

    def _row(self, partition: int, offset: int, message: Message) -> dict[str, object]:
        of_kafka = {"topic": self.name, "partition": partition, "offset": offset, "timestamp": SENT}
        ours = {"landing_day": SENT.date(), "landed_at": SENT, "_batch_id": f"test-{len(self.landed)}"}
        return {**of_kafka, "key": message.key, "value": message.value, "headers": [], **ours}

    @property
    def statements(self) -> list[Statement]:
        """What the oracle takes of all that has landed."""
        said = (statement_of(message.value, SENT) for _, _, message in self.landed)
        return [one for one in said if one is not None]

    @property
    def kept_out(self) -> dict[tuple[int, int], Message]:
        """The messages that state nothing, by partition and offset."""
        return {(p, o): m for p, o, m in self.landed if statement_of(m.value, SENT) is None}


def hash_of(key: bytes) -> int:
    return sum(key)


def messages(lake: Lake, count: int, *, seed: int, rows: int, shares: Shares = SHARES) -> list[Message]:
    """Made-up messages about the lines of the sample with so many rows."""
    schema = event_schema(lake.catalog, lake.table(EVENTS))
    clock = clock_from(SENT - timedelta(hours=1))
    return list(islice(sale_messages(schema, seed=seed, shares=shares, clock=clock, rows=rows), count))


def bring(spark: SparkSession, lake: Lake, *, topic: str = TOPIC, most: int = 100_000) -> Processed:
    """Bring what has landed of a topic to silver, until nothing is left."""
    done = Processed(topic=topic)
    pace = Pace(every=None, most=most)
    process_events(Job(session=lambda: spark, lake=lake, topic=topic, pace=pace, done=done, stop=threading.Event()))
    return done


def versions(lake: Lake, names: Iterable[str]) -> dict[str, int | None]:
    """The newest version of each table."""
    return {name: tables.version(lake, name) for name in names}
