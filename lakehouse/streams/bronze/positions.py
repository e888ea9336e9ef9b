"""Up to where a topic has landed, as the table of events itself says; read without Spark.

In: rows of `bronze.sales_events`, and floors of `ops.stream_positions`. Out: the next offset by partition. Guaranteed:
nothing else counts, no checkpoint and no group of consumers; only days from the floor's on are read, so that neither
the age of the table nor the expiry of its days changes what it costs or says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime

from lakehouse.ops import tables
from lakehouse.ops.asking import ask
from lakehouse.ops.sql import quoted
from lakehouse.runtime.lake import Lake
from lakehouse.streams.bronze import EVENTS

TABLE = "ops.stream_positions"


@dataclass(frozen=True, kw_only=True, slots=True)
class Floor:
    """One row of `ops.stream_positions`; the columns are described in its contract."""

    topic: str
    partition: int
    topic_id: str
    next_offset: int
    as_of_day: date
    recorded_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, kw_only=True, slots=True)
class Positions:
    """The next offset of each partition that is known, the id of the topic, and the day from which rows were read."""

    next_offsets: Mapping[int, int]
    topic_id: str | None
    since: date | None

    @property
    def known(self) -> bool:
        """Whether anything was ever landed of the topic, or could have been."""
        return bool(self.next_offsets)


def positions_of(lake: Lake, topic: str) -> Positions:
    """Up to where a topic has landed."""
    floors = [Floor(**row) for row in tables.read(lake, TABLE, topic=topic)]
    since = min((floor.as_of_day for floor in floors), default=None)
    found = {floor.partition: floor.next_offset for floor in floors}
    for partition, following in _landed(lake, topic, since).items():
        found[partition] = max(following, found.get(partition, 0))
    newest = max(floors, key=lambda floor: floor.recorded_at, default=None)
    return Positions(next_offsets=found, topic_id=newest.topic_id if newest else None, since=since)


def write_floors(lake: Lake, floors: Iterable[Floor]) -> None:
    """Say up to where a topic has landed; under the lease of the table of events."""
    tables.upsert(lake, TABLE, [asdict(floor) for floor in floors])


def floors_of(topic: str, topic_id: str, offsets: Mapping[int, int], day: date) -> list[Floor]:
    """A floor for each partition, as of a day on which nothing has landed yet."""
    return [
        Floor(topic=topic, partition=number, topic_id=topic_id, next_offset=offset, as_of_day=day)
        for number, offset in sorted(offsets.items())
    ]


def _landed(lake: Lake, topic: str, since: date | None) -> dict[int, int]:
    """The offset after the greatest one by partition, of what landed since a day."""
    days = "true" if since is None else f"landing_day >= DATE '{since.isoformat()}'"
    sql = (
        'SELECT "partition", max("offset") + 1 AS following FROM t '
        f'WHERE topic = {quoted(topic)} AND {days} GROUP BY "partition"'
    )
    return {row["partition"]: row["following"] for row in ask(lake, EVENTS, sql)}
