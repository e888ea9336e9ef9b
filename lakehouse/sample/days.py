"""The days of the sample: a history, a month in which everything goes wrong, a file that comes late, more.

In: a folder, how many rows and days, a seed. Out: one CSV file a day, and what each promises to hold.
Guaranteed: run in the order of their days, the files are accounted as their `SampleFile` says; run in any
order, they end the same.

Day 1 is the history up to 2024-02-29. Day 2 holds March. Day 3 was extracted on 2024-03-16 but arrives after
day 2: lines that day 2 does not know, between those it knows. Each day from the 4th on is an increment in
April.
"""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import chain, islice
from pathlib import Path
from random import Random
from types import MappingProxyType

from lakehouse.errors import UsageError
from lakehouse.sample.bad_rows import BLANKS, DAMAGES, damaged
from lakehouse.sample.changes import corrected, has_accents, untidy
from lakehouse.sample.files import SampleFile, as_of_after, file_name, write_lines
from lakehouse.sample.increments import increment_lines
from lakehouse.sample.lines import line_at, span_lines
from lakehouse.sample.plan import BAD_OF_A_KIND, SECOND_DAY, SPLITS, Plan, plan_days, plan_later_day
from lakehouse.sample.stories import changes_told, splits
from lakehouse.sample.world import changing_keys

FEWEST_ROWS = 200

_TAIL = 20_000
"""The lines of the history in which stories are looked for: all of them in the demo."""


def write_sample(folder: Path, *, rows: int = 10_000, days: int = 3, seed: int = 7) -> list[SampleFile]:
    """Write the files of the first `days` days into `folder`, and return them in the order of arrival.

    Args:
        folder: made where it is missing; files of the same names are replaced.
        rows: lines of day 1, 200 or more; the other days follow in proportion, up to 20,000 new lines.
        days: how many files, 1 to 365.
        seed: another seed, another world.

    Raises:
        UsageError: rows or days is out of bounds.
    """
    if rows < FEWEST_ROWS:
        raise UsageError(f"A sample needs at least {FEWEST_ROWS} rows, not {rows}: ask for more rows.")
    if not 1 <= days <= 365:
        raise UsageError(f"A sample has 1 to 365 days, not {days}: choose a number of days in between.")
    plan = plan_days(rows, seed)
    writers: list[Callable[[Plan, Path], SampleFile]] = [_write_first, _write_second, _write_third]
    writers += [partial(_write_later, day=day) for day in range(4, days + 1)]
    return [write(plan, folder) for write in writers[:days]]


def _tail(plan: Plan) -> Iterator[str]:
    return span_lines(plan.world, plan.history, from_offset=max(0, plan.history.rows - _TAIL))


def _earlier(plan: Plan, offsets: tuple[int, ...]) -> list[str]:
    """Lines of the history as day 1 gave them, by row id."""
    return [line_at(plan.world, plan.history, offset) for offset in sorted(offsets)]


def _corrections(plan: Plan, offsets: tuple[int, ...], generation: int) -> list[str]:
    rng = Random(f"{plan.world.seed}/corrections/{generation}")
    return [corrected(line, rng, generation=generation) for line in _earlier(plan, offsets)]


def _write_first(plan: Plan, folder: Path) -> SampleFile:
    as_of = as_of_after(plan.history.last_day)
    path = folder / file_name(as_of)
    write_lines(path, span_lines(plan.world, plan.history))
    stories = tuple(changes_told(_tail(plan), since=date.min, limit=3))
    return SampleFile(path=path, day=1, as_of=as_of, new=plan.history.rows, stories=stories)


def _write_second(plan: Plan, folder: Path) -> SampleFile:
    as_of = as_of_after(plan.second.last_day)
    new = list(span_lines(plan.world, plan.second))
    corrections = _corrections(plan, plan.updated, 2)
    redelivered, untidied = _redelivered(plan)
    duplicates = new[::25] + corrections[::20]
    bad = _bad(plan, as_of.date())
    open_quote = bad.pop("unbalanced_quote")
    # an open quote reaches to the next one: only lines without any may follow it, to be read nonetheless
    closing = [line for line in new if '"' not in line][-2:]
    mixed = [line for line in new if line not in closing]
    mixed += [*corrections, *redelivered, *untidied, *duplicates, *chain.from_iterable(bad.values()), *BLANKS]
    Random(f"{plan.world.seed}/second").shuffle(mixed)
    promise = SampleFile(
        path=folder / file_name(as_of),
        day=2,
        as_of=as_of,
        new=len(new),
        corrections=len(corrections),
        redelivered=len(redelivered) + len(untidied),
        untidy=len(untidied),
        duplicates=len(duplicates),
        bad=MappingProxyType({kind: len(lines) for kind, lines in bad.items()} | {"unbalanced_quote": 1}),
        blank=len(BLANKS),
        stories=tuple(changes_told(chain(_tail(plan), new), since=SECOND_DAY, limit=3)),
    )
    write_lines(promise.path, [*mixed, open_quote[0], *closing])
    return promise


def _redelivered(plan: Plan) -> tuple[list[str], list[str]]:
    """Lines of day 1 with the same content: three quarters in the same text, one quarter in untidy text."""
    lines = _earlier(plan, plan.repeated)
    clean = len(lines) * 3 // 4
    return lines[:clean], [_untidied(line, number) for number, line in enumerate(lines[clean:])]


def _untidied(line: str, number: int) -> str:
    """The line in untidy text: every second one by decomposed accents, where it has some."""
    return untidy(line, 0 if number % 2 and has_accents(line) else 1 + number // 2 % 2)


def _bad(plan: Plan, as_of: date) -> dict[str, list[str]]:
    """Kind of damage → its lines: two, but one open quote, since a second one would close the first."""
    lines = span_lines(plan.world, plan.bad)
    return {
        kind: [damaged(line, kind, as_of) for line in islice(lines, 1 if kind == "unbalanced_quote" else BAD_OF_A_KIND)]
        for kind in DAMAGES
    }


def _write_third(plan: Plan, folder: Path) -> SampleFile:
    as_of = as_of_after(plan.late.last_day)
    late = list(span_lines(plan.world, plan.late))
    found = list(
        splits(
            chain(_tail(plan), late, span_lines(plan.world, plan.second)),
            first_row=plan.first_split,
            until=date.fromordinal(plan.late.last_day),
            limit=SPLITS,
            unless=changing_keys(plan.world),
        )
    )
    corrections = _corrections(plan, plan.updated_late, 3)
    stale = _corrections(plan, plan.stale, 3)
    promise = SampleFile(
        path=folder / file_name(as_of),
        day=3,
        as_of=as_of,
        new=len(late) + len(found),
        corrections=len(corrections),
        stale=len(stale),
        stories=tuple(split.story for split in found),
    )
    write_lines(promise.path, [*late, *(split.line for split in found), *corrections, *stale])
    return promise


def _write_later(plan: Plan, folder: Path, *, day: int) -> SampleFile:
    increment = plan_later_day(plan, day)
    as_of = as_of_after(increment.new.last_day)
    promise = SampleFile(
        path=folder / file_name(as_of),
        day=day,
        as_of=as_of,
        new=increment.new.rows + increment.late.rows,
        corrections=len(increment.offsets),
    )
    write_lines(promise.path, increment_lines(plan.world, increment))
    return promise
