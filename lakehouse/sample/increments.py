"""One more delivery for a history: new lines, corrections of recent ones, and new lines that come late.

In: a world, the span whose lines are corrected, and the spans of the new and the late lines. Out: CSV lines.
Guaranteed: no row id twice; corrections differ from the lines and from those of other generations; row ids
and dates of what is touched lie close together, as in a shop's daily delivery.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from lakehouse.sample.changes import corrected
from lakehouse.sample.lines import Span, line_at, offset_of, span_lines
from lakehouse.sample.world import World


@dataclass(frozen=True, kw_only=True)
class Increment:
    """What a delivery holds; `offsets` are the places in `target` of the lines it corrects."""

    target: Span
    offsets: tuple[int, ...]
    new: Span
    late: Span
    generation: int


def spread_offsets(rng: Random, start: int, stop: int, count: int) -> list[int]:
    """Up to `count` different numbers from start to below stop, ascending, about evenly spread."""
    size = stop - start
    count = min(count, size)
    bounds = [start + number * size // count for number in range(count)] + [stop] if count else []
    return [rng.randrange(low, high) for low, high in pairwise(bounds)]


def plan_increment(
    seed: int, target: Span, *, first_row: int, day: int, rows: int, generation: int, last_known: int
) -> Increment:
    """An increment of `rows` lines for the orders of one day.

    10 % correct lines of the last 30 days of `target` (fewer where there are fewer), 10 % are new lines
    ordered within the 90 days up to `last_known`, the others are ordered on `day`. New row ids begin at
    `first_row`.
    """
    rng = Random(f"{seed}/increment/{generation}")
    recent = offset_of(target, target.last_day - 29)
    offsets = spread_offsets(rng, recent, target.rows, rows // 10)
    late = rows // 10
    new = Span(first_row=first_row, rows=rows - late - len(offsets), first_day=day, days=1)
    return Increment(
        target=target,
        offsets=tuple(offsets),
        new=new,
        late=Span(first_row=new.next_row, rows=late, first_day=last_known - 89, days=90),
        generation=generation,
    )


def increment_lines(world: World, increment: Increment) -> Iterator[str]:
    """The CSV lines of an increment: new, corrections, late."""
    yield from span_lines(world, increment.new)
    rng = Random(f"{world.seed}/corrections/{increment.generation}")
    for offset in increment.offsets:
        yield corrected(line_at(world, increment.target, offset), rng, generation=increment.generation)
    yield from span_lines(world, increment.late)
