"""Files for benches: a history of any size, and the increments that follow it.

In: a path, a number of rows, a seed. Out: one CSV file each. Guaranteed: the history spans the same four
years whatever its size (more rows are more orders a day); an increment fits the history of the same size and
seed, and its cost does not grow with the history.
"""

from datetime import date
from pathlib import Path

from lakehouse.errors import UsageError
from lakehouse.sample.files import SampleFile, as_of_after, write_lines
from lakehouse.sample.increments import increment_lines, plan_increment
from lakehouse.sample.lines import Span, span_lines
from lakehouse.sample.world import World, build_world

FIRST_DAY = date(2020, 1, 1).toordinal()
DAYS = 1461


def _history(rows: int, seed: int) -> tuple[World, Span]:
    if rows < 1:
        raise UsageError(f"A history needs at least 1 row, not {rows}: ask for more rows.")
    span = Span(first_row=1, rows=rows, first_day=FIRST_DAY, days=DAYS)
    return build_world(seed=seed, rows=rows, first_day=span.first_day, last_day=span.last_day), span


def write_history(path: Path, *, rows: int, seed: int = 7) -> SampleFile:
    """Write `rows` good lines, row ids 1..rows, ordered from 2020-01-01 to 2023-12-31, to `path`.

    Raises:
        UsageError: rows is below 1.
    """
    world, span = _history(rows, seed)
    write_lines(path, span_lines(world, span))
    return SampleFile(path=path, day=1, as_of=as_of_after(span.last_day), new=rows)


def write_increment(path: Path, *, of_rows: int, rows: int = 5_000, seed: int = 7, number: int = 1) -> SampleFile:
    """Write increment `number` (1, 2, …) of the history of `of_rows` rows with that seed to `path`.

    80 % are new lines, ordered on the `number`-th day after the history; 10 % correct lines of its last 30
    days; 10 % are new lines ordered within its last 90 days. Row ids go on where the history and the
    increments before, of the same `rows`, end.

    Raises:
        UsageError: rows or of_rows or number is too small.
    """
    if rows < 10 or number < 1:
        raise UsageError(f"An increment needs 10 rows and a number from 1, not {rows} and {number}.")
    world, history = _history(of_rows, seed)
    day = history.last_day + number
    increment = plan_increment(
        seed,
        history,
        first_row=history.next_row + (number - 1) * rows,
        day=day,
        rows=rows,
        generation=number,
        last_known=history.last_day,
    )
    write_lines(path, increment_lines(world, increment))
    return SampleFile(
        path=path,
        day=1 + number,
        as_of=as_of_after(day),
        new=increment.new.rows + increment.late.rows,
        corrections=len(increment.offsets),
    )
