"""Which row ids, dates and earlier lines the days of the sample are made of.

In: rows and a seed. Out: a `Plan`. Guaranteed: no row id has two uses; what the days touch of the history is
disjoint; all but the history is capped, so that it can be held in memory.
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from lakehouse.sample.bad_rows import DAMAGES
from lakehouse.sample.increments import Increment, plan_increment, spread_offsets
from lakehouse.sample.lines import Span
from lakehouse.sample.stories import KEYS
from lakehouse.sample.world import World, build_world

SECOND_DAY = date(2024, 3, 1)
"""The first day after the history."""

SPLITS = 4
"""Intervals of each dimension that day 3 splits, where so many are found."""

BAD_OF_A_KIND = 2

_HISTORY_DAYS = 1096


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What goes where. Row ids of day 3 (`late`, the splits) lie before those of day 2 (`second`).

    `updated`, `repeated` and `updated_late` are offsets in `history`, all different: what day 2 corrects,
    what it delivers again, what day 3 corrects. Day 3 also says something about `stale`, which day 2
    corrected: too late.
    """

    world: World
    history: Span
    late: Span
    first_split: int
    second: Span
    bad: Span
    updated: tuple[int, ...]
    repeated: tuple[int, ...]
    updated_late: tuple[int, ...]
    stale: tuple[int, ...]


def plan_days(rows: int, seed: int) -> Plan:
    """The plan for a history of `rows` lines."""
    first = SECOND_DAY.toordinal()
    history = Span(first_row=1, rows=rows, first_day=first - _HISTORY_DAYS, days=_HISTORY_DAYS)
    late = Span(first_row=history.next_row, rows=min(rows // 60, 5_000), first_day=first, days=15)
    first_new = late.next_row + SPLITS * len(KEYS)
    second = Span(first_row=first_new, rows=min(rows // 20, 20_000), first_day=first, days=31)
    rng = Random(f"{seed}/plan")
    touched = spread_offsets(rng, 0, rows, 2 * min(rows // 100, 500))
    rng.shuffle(touched)
    half, fifth = len(touched) // 2, len(touched) // 10
    return Plan(
        world=build_world(seed=seed, rows=rows, first_day=history.first_day, last_day=history.last_day),
        history=history,
        late=late,
        first_split=late.next_row,
        second=second,
        bad=Span(first_row=second.next_row, rows=len(DAMAGES) * BAD_OF_A_KIND, first_day=first + 7, days=21),
        updated=tuple(touched[:half]),
        stale=tuple(touched[: max(1, fifth)]),
        repeated=tuple(touched[half:-fifth] if fifth else touched[half:]),
        updated_late=tuple(touched[-fifth:] if fifth else ()),
    )


def plan_later_day(plan: Plan, day: int) -> Increment:
    """The increment that arrives on day 4, 5, …: orders of 1, 2, … April, corrections of March."""
    size = min(plan.history.rows // 40, 5_000)
    return plan_increment(
        plan.world.seed,
        plan.second,
        first_row=plan.bad.next_row + (day - 4) * size,
        day=plan.second.last_day + day - 3,
        rows=size,
        generation=day,
        last_known=plan.second.last_day,
    )
