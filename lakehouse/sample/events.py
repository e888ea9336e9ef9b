"""Made-up events about sale lines, from a seed: new lines, corrections, deletes, and all that goes wrong with them.

In: a seed, shares, a clock. Out: messages without end, made one by one. Guaranteed: the same arguments give the same
bytes, apart from moments where the clock is the machine's; memory does not grow with their number; but for garbage made
so, no event says to be later than its message, if that is sent when it is made or after it.
"""

import json
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate, count
from random import Random

from lakehouse.contract.derive.event_schema import EventSchema
from lakehouse.errors import UsageError
from lakehouse.sample.changes import corrected
from lakehouse.sample.event_garbage import GARBAGE
from lakehouse.sample.event_lines import FIRST_OF_GARBAGE, EventLines, event_lines, row_of
from lakehouse.streams.event import Event, event_key, event_value
from lakehouse.streams.message import Message

GARBAGE_PREFIX = "garbage_"
"""Before the kind of garbage in the kind of its message."""

Clock = Callable[[], datetime]
"""The moment at which the next event is said; never the same twice, never back."""

STEP = timedelta(microseconds=10)
"""How much later each event is by a clock that begins at a given moment: less than sending it takes."""

_LATE_DAYS = 10
_REVIVED = 1 / 3


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Which share of the events is what; the rest are new lines. A third of the deletes are lines that come back."""

    duplicates: float = 0.03
    late: float = 0.05
    corrections: float = 0.15
    deletes: float = 0.03
    garbage: float = 0.01

    def __post_init__(self) -> None:
        """Raises UsageError where a share is none, or all of them are more than everything."""
        for name, share in asdict(self).items():
            if not 0 <= share <= 1:
                raise UsageError(f"the share of {name} is {share}: choose a number from 0 to 1")
        if (total := sum(asdict(self).values())) > 1 + 1e-9:
            raise UsageError(f"the shares of {', '.join(asdict(self))} sum to {total:g}: choose shares of 1 together")


@dataclass(frozen=True, kw_only=True)
class _Stream:
    """What is remembered of a stream, so much and no more."""

    schema: EventSchema
    lines: EventLines
    seed: int
    rng: Random
    sent: deque[Message] = field(default_factory=lambda: deque(maxlen=1_000))
    brought: deque[str] = field(default_factory=lambda: deque(maxlen=5_000))
    deleted: deque[str] = field(default_factory=lambda: deque(maxlen=500))
    new: Iterator[int] = field(default_factory=count)
    damaged: Iterator[int] = field(default_factory=count)


def clock_from(now: datetime) -> Clock:
    """A clock that begins at a moment, with its zone, and goes a step with each event."""
    moments = (now + number * STEP for number in count())
    return lambda: next(moments)


def clock_of_machine() -> Clock:
    """The machine's clock, kept from standing still and going back."""
    last = datetime.now(UTC)

    def clock() -> datetime:
        nonlocal last
        last = max(datetime.now(UTC), last + timedelta(microseconds=1))
        return last

    return clock


def sale_messages(
    schema: EventSchema, *, seed: int, shares: Shares, clock: Clock, rows: int = 10_000
) -> Iterator[Message]:
    """Messages without end about the lines of the sample with so many rows and that seed.

    The kinds: `new`, `duplicate` (the same bytes again), `late` (said up to 10 days ago: a new line or a correction),
    `correction`, `delete`, `revival` (of a deleted line), and `garbage_…`, each kind of `GARBAGE` in turn.

    Args:
        clock: of moments after 2024-05-31, when the lines that events bring were ordered.
    """
    stream = _Stream(schema=schema, lines=event_lines(rows=rows, seed=seed), seed=seed, rng=Random(f"{seed}/events"))
    makers = (_duplicate, _late, _correction, _delete, _garbage)
    bounds = list(accumulate(asdict(shares).values()))
    for number in count():
        drawn = bisect_right(bounds, stream.rng.random())
        make = makers[drawn] if drawn < len(makers) else _new
        yield make(stream, number, clock())


def _new(stream: _Stream, number: int, at: datetime, kind: str = "new") -> Message:
    line = stream.lines.of_events(next(stream.new))
    stream.brought.append(line)
    return _upsert(stream, number, at, line, kind)


def _duplicate(stream: _Stream, number: int, at: datetime) -> Message:
    if not stream.sent:
        return _new(stream, number, at)
    again = stream.rng.choice(stream.sent)
    return Message(key=again.key, value=again.value, kind="duplicate")


def _late(stream: _Stream, number: int, at: datetime) -> Message:
    said = at - timedelta(seconds=stream.rng.uniform(86_400, 86_400 * _LATE_DAYS))
    make = _new if stream.rng.random() < 0.5 else _correction
    return make(stream, number, said, "late")


def _correction(stream: _Stream, number: int, at: datetime, kind: str = "correction") -> Message:
    line = corrected(_known(stream, number), stream.rng, generation=number % 997 + 1)
    return _upsert(stream, number, at, line, kind)


def _delete(stream: _Stream, number: int, at: datetime) -> Message:
    if stream.deleted and stream.rng.random() < _REVIVED:
        return _upsert(stream, number, at, stream.deleted.popleft(), "revival")
    line = _known(stream, number)
    stream.deleted.append(line)
    keys = {name: row_of(line, stream.schema)[name] for name in stream.schema.keys}
    return _kept(stream, Event(event_id=_id(stream, number), event_time=at, op="delete", row=keys), "delete")


def _garbage(stream: _Stream, number: int, at: datetime) -> Message:
    place = next(stream.damaged)
    kind = list(GARBAGE)[place % len(GARBAGE)]
    line = stream.lines.of_events(place, FIRST_OF_GARBAGE)
    event = Event(event_id=_id(stream, number), event_time=at, op="upsert", row=row_of(line, stream.schema))
    told = json.loads(event_value(event, stream.schema))
    return Message(key=event_key(event, stream.schema), value=GARBAGE[kind](told, at), kind=f"{GARBAGE_PREFIX}{kind}")


def _known(stream: _Stream, number: int) -> str:
    """A line that a file or an event brought."""
    if stream.brought and stream.rng.random() < 0.5:
        return stream.rng.choice(stream.brought)
    return stream.lines.of_files(stream.rng, number)


def _upsert(stream: _Stream, number: int, at: datetime, line: str, kind: str) -> Message:
    event = Event(event_id=_id(stream, number), event_time=at, op="upsert", row=row_of(line, stream.schema))
    return _kept(stream, event, kind)


def _kept(stream: _Stream, event: Event, kind: str) -> Message:
    """The message of an event, which may be sent again."""
    message = Message(key=event_key(event, stream.schema), value=event_value(event, stream.schema), kind=kind)
    stream.sent.append(message)
    return message


def _id(stream: _Stream, number: int) -> str:
    return f"{stream.seed}-{number:012d}"
