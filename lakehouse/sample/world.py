"""The made-up world: who buys, what is sold and where, each with what changes about it from a day on.

In: a seed, the rows it must carry, the first and last day of its history. Out: a `World` of pools whose texts
are ready CSV pieces, so that a sale line costs a few look-ups. Guaranteed: the same arguments give the same
world; an entity changes at most once; some change within the history, some within 30 days after it.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import NamedTuple

from lakehouse.sample import geography, words
from lakehouse.sample.geography import City
from lakehouse.sample.records import joined

NEVER = 10_000_000
"""A day (proleptic ordinal) after all others: the entity does not change."""

AFTER = 30
"""The days after the history's end within which the changes to come take place."""

REORGANISED = {"Austria": ("South", -200), "Mexico": ("Central", 11)}
"""Country → its new region, and on which day, counted from the history's last one, it begins."""


class Customer(NamedTuple):
    """CSV pieces `Customer ID,Customer Name,Segment` before and from the day `since` on."""

    key: str
    before: str
    since: int
    after: str


class Product(NamedTuple):
    """CSV pieces `Product ID,Category,Sub-Category,Product Name`; price in cents, cost in 1/1000 of it."""

    key: str
    before: str
    since: int
    after: str
    price: int
    cost: int


class Place(NamedTuple):
    """CSV pieces `City,State,Country,Postal Code,Market,Region`; `code` begins order ids."""

    key: str  # the country: regions change for all of it
    before: str
    since: int
    after: str
    code: str


@dataclass(frozen=True, kw_only=True, eq=False)  # compared by identity: caches must not hash the pools
class World:
    """Who buys, what is sold, where to. The first of each pool are picked most often."""

    seed: int
    customers: tuple[Customer, ...]
    products: tuple[Product, ...]
    places: tuple[Place, ...]


def build_world(*, seed: int, rows: int, first_day: int, last_day: int) -> World:
    """The world of a history of `rows` lines from `first_day` to `last_day` (proleptic ordinals)."""
    scale = max(1.0, rows / 50_000) ** 0.25  # 1,600 customers up to 50,000 lines, 5,000 for 5 million
    rng = Random(f"{seed}/world")
    return World(
        seed=seed,
        customers=tuple(_customers(rng, round(1_600 * scale), first_day, last_day)),
        products=tuple(_products(rng, min(10_000, round(3_000 * scale)), first_day, last_day)),
        places=tuple(_places(rng, last_day)),
    )


def changing_keys(world: World) -> frozenset[str]:
    """Customer ids, product ids and countries that change at some day."""
    entities = chain[Customer | Product | Place](world.customers, world.products, world.places)
    return frozenset(entity.key for entity in entities if entity.since != NEVER)


def _change_day(rng: Random, number: int, first_day: int, last_day: int) -> int:
    """When the entity with this number changes: one in 16 within the history, one in 16 soon after it."""
    if number % 16 == 3:
        margin = (last_day - first_day) // 10
        return rng.randint(first_day + margin, last_day - margin)
    if number % 16 == 5:
        return rng.randint(last_day + 3, last_day + AFTER // 2)
    return NEVER


def _customers(rng: Random, count: int, first_day: int, last_day: int) -> Iterator[Customer]:
    names = [f"{first} {last}" for first in words.FIRST_NAMES for last in words.LAST_NAMES]
    rng.shuffle(names)
    for number in range(count):
        name = names[number % len(names)]
        key = f"{_initials(name)}-{10_007 + 5 * number}"
        segment = rng.choice(words.SEGMENTS)
        new_segment = rng.choice([other for other in words.SEGMENTS if other != segment])
        yield Customer(
            key=key,
            before=joined([key, name, segment]),
            since=_change_day(rng, number, first_day, last_day),
            after=joined([key, name, new_segment]),
        )


def _initials(name: str) -> str:
    """Two ASCII capitals for an identifier: accents are dropped, a letter that is none of A-Z becomes X."""
    letters = (unicodedata.normalize("NFD", word)[0].upper() for word in name.split())
    return "".join(letter if letter.isascii() else "X" for letter in letters)


def _products(rng: Random, count: int, first_day: int, last_day: int) -> Iterator[Product]:
    for number in range(count):
        category, sub_category, letters, low, high, things = words.SUB_CATEGORIES[number % 17]
        # 7,919 shares no factor with the number of names: the first count // 17 of them are all different
        choices = len(words.BRANDS) * len(words.SERIES) * len(words.VARIANTS)
        brand, series, variant = _mixed((number // 17 * 7_919 + number % 17 * 613) % choices)
        name = f"{brand} {series} {rng.choice(things)}{rng.choice((', ', ' '))}{variant}"
        key = f"{category[:3].upper()}-{letters}-{10_000_001 + 13 * number}"
        moved = words.SUB_CATEGORIES[(number + 1 + rng.randrange(16)) % 17]
        renamed = [key, category, sub_category, f"{name} (2nd Edition)"]
        yield Product(
            key=key,
            before=joined([key, category, sub_category, name]),
            since=_change_day(rng, number, first_day, last_day),
            after=joined(renamed if number % 32 < 16 else [key, *moved[:2], name]),
            price=rng.randint(low, high),
            cost=rng.randint(520, 880),
        )


def _mixed(number: int) -> tuple[str, str, str]:
    rest, variant = divmod(number, len(words.VARIANTS))
    brand, series = divmod(rest, len(words.SERIES))
    return words.BRANDS[brand % len(words.BRANDS)], words.SERIES[series], words.VARIANTS[variant]


def _places(rng: Random, last_day: int) -> Iterator[Place]:
    cities = geography.cities()
    rng.shuffle(cities)
    for city in cities:
        region, days = REORGANISED.get(city.country, (city.region, NEVER))
        yield Place(
            key=city.country,
            before=_place(city, city.region),
            since=NEVER if days == NEVER else last_day + days,
            after=_place(city, region),
            code=city.code,
        )


def _place(city: City, region: str) -> str:
    return joined([city.name, city.state, city.country, city.postal_code, city.market, region])
