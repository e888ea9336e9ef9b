"""Spans of offsets: which messages of a topic a batch is about.

In: for each partition a first and a last offset. Out: a `Spans`, and the text that the books have of it. Guaranteed:
the same spans have the same text, and the text says the spans; offsets that no message has may lie within.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Spans:
    """Messages of a topic: by partition the first and the last offset, both within."""

    topic: str
    ranges: Mapping[int, tuple[int, int]]

    @property
    def offsets(self) -> str:
        """`0:0-99 1:5-80`: partitions in their order."""
        return " ".join(f"{number}:{first}-{last}" for number, (first, last) in sorted(self.ranges.items()))

    def within(self, quote: str) -> str:
        """SQL: whether a message's partition and offset lie within; of the topic it says nothing, which is a text.

        Args:
            quote: what names stand in: Spark's and delta-rs's SQL differ, and offset is a word of both.
        """
        spans = ((number, *self.ranges[number]) for number in sorted(self.ranges))
        name = f"{quote}offset{quote}"
        return " OR ".join(f"(partition = {n} AND {name} BETWEEN {first} AND {last})" for n, first, last in spans)

    def may_be_in(self, file: Mapping[str, Any]) -> bool:
        """Whether a file may hold any of them, by its statistics as `lakehouse.ops.plain.files_where` tells them."""
        least, greatest = file.get("min.partition"), file.get("max.partition")
        begin, end = file.get("min.offset"), file.get("max.offset")
        if least is None or greatest is None or begin is None or end is None:
            return True
        return any(
            least <= number <= greatest and begin <= last and first <= end
            for number, (first, last) in self.ranges.items()
        )


def spans_of(topic: str, offsets: str) -> Spans:
    """The spans that a text of the books says."""
    ranges = {}
    for part in offsets.split():
        number, _, span = part.partition(":")
        first, _, last = span.partition("-")
        ranges[int(number)] = (int(first), int(last))
    return Spans(topic=topic, ranges=ranges)


def ends_of(every: Iterable[Spans]) -> dict[int, int]:
    """By partition the offset after the greatest one of all spans."""
    ends: dict[int, int] = {}
    for spans in every:
        for number, (_, last) in spans.ranges.items():
            ends[number] = max(ends.get(number, 0), last + 1)
    return ends


def begins_of(every: Iterable[Spans]) -> dict[int, int]:
    """By partition the smallest offset of all spans."""
    begins: dict[int, int] = {}
    for spans in every:
        for number, (first, _) in spans.ranges.items():
            begins[number] = min(begins.get(number, first), first)
    return begins
