"""The sale lines of a span of row ids, in the order of their dates.

In: a world and a `Span` (which row ids, over which days). Out: CSV lines. Guaranteed: a line depends on
world, span and row id alone, and any block of them is made without those before it; order dates never go back
within a span; amounts have at most 5 decimals; memory is that of one block.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from itertools import accumulate, repeat
from random import Random
from typing import NamedTuple

from lakehouse.sample.words import PRIORITIES, SHIP_MODES
from lakehouse.sample.world import World

BLOCK = 200
"""Lines made from one random stream: small enough to reach one line fast, large enough to make many fast."""

_ORDER_SIZES = (1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5)
_QUANTITIES = (1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 11, 14)
_DISCOUNTS = (0,) * 12 + (2, 70, 100, 100, 150, 170, 200, 200, 200, 270, 400, 500, 600, 850)  # in 1/1000
_RETURNED = 0.012  # the share of lines


# ship mode and how many days the parcel takes; standard class is the usual
_SHIPPING = tuple(
    (SHIP_MODES[mode], days)
    for mode, days in (
        (0, 0),
        (1, 1),
        (1, 3),
        (2, 2),
        (2, 3),
        (2, 5),
        (3, 4),
        (3, 4),
        (3, 5),
        (3, 5),
        (3, 6),
        (3, 7),
    )
)
_PRIORITIES = tuple(PRIORITIES[rank] for rank in (0, 1, 1, 1, 2, 2, 2, 2, 2, 3))
_WEEK = (10, 10, 10, 11, 12, 8, 6)
_YEAR = (8, 8, 9, 9, 10, 10, 9, 10, 12, 11, 14, 15)


@dataclass(frozen=True, kw_only=True)
class Span:
    """`rows` lines, row ids from `first_row`, ordered within `days` days from `first_day` (an ordinal)."""

    first_row: int
    rows: int
    first_day: int
    days: int

    @property
    def next_row(self) -> int:
        """The row id after the last one."""
        return self.first_row + self.rows

    @property
    def last_day(self) -> int:
        """The ordinal of the last day."""
        return self.first_day + self.days - 1


class _Terms(NamedTuple):
    """Quantity (negative: a return), discount and shipping cost in 1/1000 of the price, discount as text."""

    quantity: int
    discount: int
    shipping: int
    text: str


def _terms(rng: Random) -> _Terms:
    quantity = rng.choice(_QUANTITIES) * (-1 if rng.random() < _RETURNED else 1)
    discount = rng.choice(_DISCOUNTS)
    return _Terms(quantity, discount, rng.randint(20, 120), f"{discount / 1000:g}")


# drawn once: a line then costs one draw for its terms, not four
_TERMS = tuple(map(_terms, repeat(Random("terms"), 4096)))


@cache
def iso(day: int) -> str:
    """A proleptic ordinal as yyyy-MM-dd."""
    return date.fromordinal(day).isoformat()


@lru_cache(maxsize=64)
def _weights(first_day: int, days: int) -> tuple[int, ...]:
    """Running sums of how much is sold each day: by weekday, by season, growing about 12 % a year."""
    dates = (date.fromordinal(first_day + number) for number in range(days))
    return tuple(
        accumulate(_WEEK[day.weekday()] * _YEAR[day.month - 1] * (3000 + number) for number, day in enumerate(dates))
    )


def day_of(span: Span, offset: int) -> int:
    """The day on which the line at this offset (0-based) of the span is ordered, if it begins an order."""
    sums = _weights(span.first_day, span.days)
    return span.first_day + bisect_right(sums, offset * sums[-1] // span.rows)


def offset_of(span: Span, day: int) -> int:
    """The offset of the first line of the span that is ordered on that day or later."""
    return bisect_left(range(span.rows), day, key=lambda offset: day_of(span, offset))


def span_lines(world: World, span: Span, *, from_offset: int = 0) -> Iterator[str]:
    """The CSV lines of a span, or those from an offset on."""
    for start in range(from_offset // BLOCK * BLOCK, span.rows, BLOCK):
        yield from _block(world, span, start)[max(0, from_offset - start) :]


def line_at(world: World, span: Span, offset: int) -> str:
    """The line at an offset of the span, made without those before its block."""
    return _kept_block(world, span, offset // BLOCK * BLOCK)[offset % BLOCK]


@lru_cache(maxsize=16)
def _kept_block(world: World, span: Span, start: int) -> list[str]:
    """A block for one who comes back for its neighbours."""
    return _block(world, span, start)


def _block(world: World, span: Span, start: int) -> list[str]:
    """The lines of one block: orders of 1 to 5 lines, each of one customer, place and day."""
    rnd = Random(f"{world.seed}/{span.first_row + start}").random
    end = min(start + BLOCK, span.rows)
    lines: list[str] = []
    offset = start
    while offset < end:
        day = day_of(span, offset)
        row_id = span.first_row + offset
        head = _order(world, row_id, day, rnd)
        priority = _PRIORITIES[int(10 * rnd())]
        size = min(_ORDER_SIZES[int(11 * rnd())], end - offset)
        lines += [f"{row_id + i},{head},{_sale(world, day, rnd)},{priority}\n" for i in range(size)]
        offset += size
    return lines


def _pick(rnd: Callable[[], float], count: int) -> int:
    """A position among `count`: the first is ten times as likely as the average, the last about half."""
    u = rnd()
    return int(count * u * (0.1 + 0.9 * u))


def _order(world: World, row_id: int, day: int, rnd: Callable[[], float]) -> str:
    """Columns Order ID to Region: what all lines of an order share."""
    _, before, since, after = world.customers[_pick(rnd, len(world.customers))]
    customer = before if day < since else after
    _, before, since, after, code = world.places[_pick(rnd, len(world.places))]
    place = before if day < since else after
    mode, travel = _SHIPPING[int(12 * rnd())]
    ordered = iso(day)
    return f"{code}-{ordered[:4]}-{100_000 + row_id},{ordered},{iso(day + travel)},{mode},{customer},{place}"


def _sale(world: World, day: int, rnd: Callable[[], float]) -> str:
    """Columns Product ID to Shipping Cost of one line; a return has quantity, sales and profit reversed."""
    _, before, since, after, price, cost = world.products[_pick(rnd, len(world.products))]
    product = before if day < since else after
    quantity, discount, share, discount_text = _TERMS[int(4096 * rnd())]
    full = price * quantity  # in cents; the amounts below are whole numbers of 1/100,000
    sales = full * (1000 - discount)
    profit = full * (1000 - discount - cost)
    shipping = abs(full) * share // 1000
    # Python writes floats shortest-exact, from 0.0001 on without exponent: hence a profit in 1/10,000
    return f"{product},{sales / 100_000},{quantity},{discount_text},{profit // 10 / 10_000},{shipping / 100}"
