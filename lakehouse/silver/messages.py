"""Which messages silver knows, as the accounting tells, and which are next; without Spark.

In: the books, and the table of messages. Out: spans of offsets. Guaranteed: reads only; no checkpoint counts: what is
in no batch of the books is next, whatever became of the process that was to do it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.bronze.messages import Rest, rest_of
from lakehouse.ops import accounting
from lakehouse.ops.accounting import DONE, EVENTS
from lakehouse.ops.spans import Spans, begins_of, ends_of
from lakehouse.runtime.lake import Lake


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """Messages of a topic: all within `spans` but those in `held`, which a gate holds.

    Of a partition in `gone`, those before that offset have expired.
    """

    spans: Spans
    held: tuple[Spans, ...]
    gone: Mapping[int, int]


def known_messages(lake: Lake, source: str) -> list[Known]:
    """The messages of a source that silver knows, by topic."""
    topics = {one.topic for one in accounting.read(lake, kind=EVENTS) if one.source == source}
    return [known_of(lake, topic) for topic in sorted(filter(None, topics))]


def known_of(lake: Lake, topic: str) -> Known:
    """The messages of a topic that silver knows."""
    batches = accounting.read(lake, kind=EVENTS, topic=topic)
    every = [one.spans for one in batches if one.spans]
    ends, begins = ends_of(every), begins_of(every)
    spans = Spans(topic=topic, ranges={number: (begins[number], end - 1) for number, end in ends.items()})
    kept = {rest.partition: rest.first for rest in rest_of(lake, topic, {})}
    gone = {number: kept.get(number, end) for number, end in ends.items() if kept.get(number, end) > begins[number]}
    return Known(spans=spans, held=tuple(b.spans for b in batches if b.status != DONE and b.spans), gone=gone)


def processed(lake: Lake, topic: str) -> dict[int, int]:
    """By partition the offset after the last one that is in the books."""
    return accounting.ends(lake, kind=EVENTS, topic=topic)


def processed_for_good(lake: Lake, topic: str) -> dict[int, int]:
    """By partition the offset up to which nothing has to be read again: no batch before it is begun or held."""
    batches = [one for one in accounting.read(lake, kind=EVENTS, topic=topic) if one.spans]
    ends = ends_of(one.spans for one in batches if one.spans)
    open_ = begins_of(one.spans for one in batches if one.spans and one.status != DONE)
    return {number: min(end, open_.get(number, end)) for number, end in ends.items()}


def next_spans(lake: Lake, topic: str, after: Mapping[int, int], most: int) -> Spans | None:
    """The messages to take next, about `most` of them where there are more; None where there is nothing.

    Args:
        after: by partition the first offset that is not in the books.
    """
    rest = rest_of(lake, topic, after)
    if not rest:
        return None
    total = sum(one.messages for one in rest)
    return Spans(topic=topic, ranges=dict(_range(one, after, total, most) for one in rest))


def _range(rest: Rest, after: Mapping[int, int], total: int, most: int) -> tuple[int, tuple[int, int]]:
    """A partition's share: in proportion to what it holds, and one message at least."""
    last = rest.last
    if total > most:
        last = min(last, rest.first + max(1, most * rest.messages // total) - 1)
    return rest.partition, (after.get(rest.partition, rest.first), last)
