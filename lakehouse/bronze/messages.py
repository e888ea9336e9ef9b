"""Questions to the table of messages, answered without Spark.

In: a topic. Out: offsets by partition. Guaranteed: reads only; `{}` or `[]` where nothing has landed; files whose
statistics say that they hold nothing of it are not opened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from lakehouse.bronze import EVENTS
from lakehouse.bronze.kafka_time import moment_at
from lakehouse.ops.asking import ask
from lakehouse.ops.sql import quoted
from lakehouse.runtime.lake import Lake


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """What has landed of a partition from some offset on: the first and the last offset, and how many messages.

    `since` is Kafka's time of the oldest one.
    """

    partition: int
    first: int
    last: int
    messages: int
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Messages by offset or by Kafka's time of them, ends included; None: without a limit, or of all partitions."""

    partition: int | None = None
    from_offset: int | None = None
    to_offset: int | None = None
    from_time: datetime | None = None
    to_time: datetime | None = None

    @property
    def sql(self) -> str:
        """The condition, for delta-rs."""
        told = {
            "partition =": self.partition,
            '"offset" >=': self.from_offset,
            '"offset" <=': self.to_offset,
            '"timestamp" >=': _literal(self.from_time),
            '"timestamp" <=': _literal(self.to_time),
        }
        return " AND ".join(f"{name} {value}" for name, value in told.items() if value is not None) or "true"


def _literal(moment: datetime | None) -> str | None:
    return None if moment is None else f"TIMESTAMP '{moment.astimezone(UTC).isoformat()}'"


def those_of(lake: Lake, topic: str, asked: Asked) -> list[Rest]:
    """By partition the first and the last of the messages asked for."""
    return _rest(lake, topic, asked.sql)


def rest_of(lake: Lake, topic: str, after: Mapping[int, int]) -> list[Rest]:
    """What has landed of each partition from its offset in `after` on; all of a partition that is not in it."""
    return _rest(lake, topic, _behind(after))


def _behind(after: Mapping[int, int]) -> str:
    known = (f'(partition = {number} AND "offset" >= {offset})' for number, offset in sorted(after.items()))
    others = f"partition NOT IN ({', '.join(map(str, sorted(after)))})" if after else "true"
    return " OR ".join([*known, others])


def _rest(lake: Lake, topic: str, where: str) -> list[Rest]:
    rows = ask(
        lake,
        EVENTS,
        'SELECT partition, min("offset") AS first, max("offset") AS last, count(*) AS messages, '
        'CAST(min("timestamp") AS BIGINT) AS since FROM t '
        f"WHERE topic = {quoted(topic)} AND ({where}) GROUP BY partition",
    )
    rests = (Rest(**row | {"since": moment_at(row["since"])}) for row in rows)
    return sorted(rests, key=lambda rest: rest.partition)


def messages_within(lake: Lake, topic: str, ranges: Sequence[tuple[int, int, int]]) -> int:
    """How many messages lie within ranges: partition, first and last offset."""
    those = " OR ".join(f'(partition = {n} AND "offset" BETWEEN {first} AND {last})' for n, first, last in ranges)
    sql = f"SELECT count(*) AS messages FROM t WHERE topic = {quoted(topic)} AND ({those or 'false'})"
    return sum(row["messages"] for row in ask(lake, EVENTS, sql))


def first_day_without(lake: Lake, topic: str, after: Mapping[int, int]) -> date | None:
    """The first landing day with a message at its offset in `after` or behind it; None where there is none."""
    sql = f"SELECT min(landing_day) AS day FROM t WHERE topic = {quoted(topic)} AND ({_behind(after)})"
    return next((row["day"] for row in ask(lake, EVENTS, sql)), None)


def landed_since(lake: Lake, topic: str, moment: datetime) -> int:
    """How many messages landed at that moment or later."""
    where = f"topic = {quoted(topic)} AND landed_at >= {_literal(moment)}"
    return sum(row["messages"] for row in ask(lake, EVENTS, f"SELECT count(*) AS messages FROM t WHERE {where}"))


def last_landed(lake: Lake, topic: str) -> datetime | None:
    """When messages of the topic landed last; those of one batch landed at one moment."""
    sql = f"SELECT max(landed_at) AS at FROM t WHERE topic = {quoted(topic)}"
    return next((row["at"] for row in ask(lake, EVENTS, sql)), None)


def topics_of(lake: Lake) -> list[str]:
    """The topics of which messages are there."""
    return sorted(row["topic"] for row in ask(lake, EVENTS, "SELECT DISTINCT topic FROM t"))
