"""What lines tell about customers, products and stores over time, and late lines that change the story.

In: CSV lines of good rows. Out: `Story`s (who changed, when, from what to what) and, for a file that comes
late, lines that fall between two observations that agreed, and say something else: each splits an interval of
history. Guaranteed: a split falls where its customer, product or store was not otherwise observed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from lakehouse.sample.geography import REGIONS
from lakehouse.sample.records import AT, fields, text
from lakehouse.sample.words import SEGMENTS

KEYS = {"customer": ("Customer ID",), "product": ("Product ID",), "store": ("Country", "State", "City")}
TRACKED = {
    "customer": ("Customer Name", "Segment"),
    "product": ("Product Name", "Category", "Sub-Category"),
    "store": ("Market", "Region"),
}


@dataclass(frozen=True, kw_only=True)
class Story:
    """A customer, product or store (`dimension`, `key`) that is seen otherwise from the sale of day `at` on.

    `was` and `becomes` are the tracked columns that differ and their values. Where `until` is given, a later
    sale of that day, known before, says again what was: the late line splits an interval.
    """

    dimension: str
    key: tuple[str, ...]
    at: date
    was: dict[str, str]
    becomes: dict[str, str]
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Split:
    """A late line that splits an interval, and its story."""

    line: str
    story: Story


class Observation(NamedTuple):
    """What one line says of a customer, product or store on its order date (yyyy-MM-dd)."""

    day: str
    tracked: tuple[str, ...]
    line: str


def _observed(lines: Iterable[str], dimension: str) -> dict[tuple[str, ...], list[Observation]]:
    """Key of the dimension → what is observed of it, by date."""
    found: dict[tuple[str, ...], list[Observation]] = defaultdict(list)
    for line in lines:
        record = fields(line)
        found[_values(record, KEYS[dimension])].append(
            Observation(record[AT["Order Date"]], _values(record, TRACKED[dimension]), line)
        )
    for seen in found.values():
        seen.sort()
    return found


def _values(record: Sequence[str], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(record[AT[name]] for name in names)


def _story(
    dimension: str,
    key: tuple[str, ...],
    old: tuple[str, ...],
    new: tuple[str, ...],
    *,
    at: date,
    until: date | None = None,
) -> Story:
    triples = zip(TRACKED[dimension], old, new, strict=True)
    changed = [(name, before, after) for name, before, after in triples if before != after]
    return Story(
        dimension=dimension,
        key=key,
        at=at,
        was={name: before for name, before, _ in changed},
        becomes={name: after for name, _, after in changed},
        until=until,
    )


def changes_told(lines: Iterable[str], *, since: date, limit: int) -> Iterator[Story]:
    """Per dimension, up to `limit` changes first seen on `since` or later, of the keys with most lines."""
    kept = list(lines)
    for dimension in KEYS:
        told: list[tuple[int, Story]] = []
        for key, seen in _observed(kept, dimension).items():
            for old, new in pairwise(seen):
                at = date.fromisoformat(new.day)
                if old.tracked != new.tracked and at >= since:
                    told.append((len(seen), _story(dimension, key, old.tracked, new.tracked, at=at)))
        yield from (story for _, story in sorted(told, key=lambda one: (-one[0], one[1].key))[:limit])


def splits(lines: Iterable[str], *, first_row: int, until: date, limit: int, unless: frozenset[str]) -> Iterator[Split]:
    """Per dimension, up to `limit` late lines, ordered on `until` or just before; row ids from `first_row`.

    A line is that of the observation before the gap, but for row id, order id, dates and one tracked value.
    Lines that name a key in `unless` (entities that change by themselves) are not copied, nor is a customer,
    product or store named twice. Gaps that end last come first.
    """
    kept = list(lines)
    row_id = first_row
    used: set[str] = set(unless)
    for dimension in KEYS:
        gaps = [gap for seen in _observed(kept, dimension).values() for gap in pairwise(seen)]
        found = 0
        for before, after in sorted(gaps, key=lambda gap: (gap[1], gap[0]), reverse=True):
            first, last = date.fromisoformat(before.day), date.fromisoformat(after.day)
            at = min(until, last - timedelta(days=2)) - timedelta(days=2 * found)
            if found == limit:
                break
            if (at - first).days < 2 or _named(before.line) & used:
                continue
            used |= _named(before.line) - {fields(before.line)[AT["Country"]]}
            yield _split(dimension, before, row_id=row_id, at=at, until=last)
            row_id, found = row_id + 1, found + 1


def _named(line: str) -> set[str]:
    """Whom the line observes: customer, product and store, and the country by which stores change."""
    record = fields(line)
    store = "|".join(record[AT[name]] for name in KEYS["store"])
    return {record[AT["Customer ID"]], record[AT["Product ID"]], record[AT["Country"]], store}


def _split(dimension: str, before: Observation, *, row_id: int, at: date, until: date) -> Split:
    record = fields(before.line)
    record[AT["Row ID"]] = str(row_id)
    code = record[AT["Order ID"]].split("-")[0]
    record[AT["Order ID"]] = f"{code}-{at.year}-{100_000 + row_id}"
    record[AT["Order Date"]] = at.isoformat()
    record[AT["Ship Date"]] = (at + timedelta(days=3)).isoformat()
    _say_otherwise(dimension, record)
    key, new = _values(record, KEYS[dimension]), _values(record, TRACKED[dimension])
    return Split(line=text(record), story=_story(dimension, key, before.tracked, new, at=at, until=until))


def _say_otherwise(dimension: str, record: list[str]) -> None:
    """Another segment, another product name, another region."""
    if dimension == "customer":
        record[AT["Segment"]] = SEGMENTS[(SEGMENTS.index(record[AT["Segment"]]) + 1) % len(SEGMENTS)]
    elif dimension == "product":
        record[AT["Product Name"]] += " (Trial Pack)"
    else:
        regions = REGIONS[record[AT["Market"]]]
        other = regions[(regions.index(record[AT["Region"]]) + 1) % len(regions)]
        record[AT["Region"]] = other if len(regions) > 1 else f"{other} Pilot"
