"""Where landing begins: the table's positions held against what the topic holds. Pure.

In: positions, and the offsets of a topic. Out: an offset for each partition. Guaranteed: events that were never landed
and are gone are told, and left out only where that is asked for; offsets of another topic of the same name are never
taken for those of the one that has landed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lakehouse.errors import JobError
from lakehouse.streams.bronze.positions import Positions
from lakehouse.streams.topic_offsets import TopicOffsets


class LostError(JobError):
    """Events are gone, or are not those they were: to ask again changes nothing."""


class BehindError(JobError):
    """The topic ends before what has landed; a broker that has just begun may not know its own end yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """Offsets of a partition that can never be landed: from `first` up to, and without, `end`."""

    partition: int
    first: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """The first offset to land by partition, and what is left out before it because it is gone."""

    offsets: Mapping[int, int]
    gaps: tuple[Gap, ...] = ()


def start_at(there: TopicOffsets, landed: Positions, *, skip_lost: bool) -> Start:
    """Where to begin.

    A topic of which nothing is known is begun at what it holds; a partition that it got later, at its first offset.

    Raises:
        LostError: events were deleted before they were landed, or the topic was made anew.
        BehindError: the topic ends before what has landed.
    """
    _refuse_another(there, landed)
    gaps = tuple(_gaps(there, landed))
    if gaps and not skip_lost:
        raise LostError(_lost(there.topic, gaps))
    begin = {n: landed.next_offsets.get(n, span.first) for n, span in there.spans.items()}
    return Start(offsets={n: max(begin[n], span.first) for n, span in there.spans.items()}, gaps=gaps)


def _refuse_another(there: TopicOffsets, landed: Positions) -> None:
    missing = landed.next_offsets.keys() - there.spans.keys()
    if missing or landed.topic_id not in (None, there.topic_id):
        raise LostError(
            f"topic {there.topic} was deleted and made anew since its events were landed: its offsets now name other "
            "events; send them to a topic of another name and land that one (--topic, or LAKEHOUSE_KAFKA__TOPIC)"
        )
    for number, span in there.spans.items():
        if span.end < landed.next_offsets.get(number, 0):
            raise BehindError(
                f"partition {number} of topic {there.topic} ends at offset {span.end}, but events up to "
                f"{landed.next_offsets[number]} have landed: the brokers have lost events; see what happened there, "
                "and send what follows to a topic of another name (--topic)"
            )


def _gaps(there: TopicOffsets, landed: Positions) -> Iterator[Gap]:
    """What is gone before it was landed."""
    for number, span in sorted(there.spans.items()):
        begin = landed.next_offsets.get(number, 0 if landed.known else span.first)
        if begin < span.first:
            yield Gap(partition=number, first=begin, end=span.first)


def _lost(topic: str, gaps: tuple[Gap, ...]) -> str:
    told = ", ".join(f"{gap.first} to {gap.end - 1} of partition {gap.partition}" for gap in gaps[:3])
    more = f" and of {len(gaps) - 3} more" if len(gaps) > 3 else ""
    return (
        f"offsets {told}{more} of topic {topic} were deleted before they were landed, by its retention or by hand: "
        "nothing brings them back; --skip-lost goes on behind them, and retention.ms of the topic should be longer"
    )
