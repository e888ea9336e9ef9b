"""Customers, products and places of the sample: what they are by order date, and the stories told of them."""

from collections import defaultdict
from datetime import date

from lakehouse.sample import SampleFile
from lakehouse.sample.plan import plan_days
from lakehouse.sample.records import fields
from lakehouse.sample.world import NEVER, build_world
from tests.unit.sample.rows import TRACKED, Row, by_id, new_rows, rows


class TestDimensions:
    """A customer, product or country is what it is by order date, and changes at most once of itself."""

    world = plan_days(10_000, 7).world

    def test_changed_customers_flip_at_their_date(self, sample: list[SampleFile]) -> None:
        flipped = check_flips(
            rows(sample[0]),
            rows(sample[1]),
            self.world.customers,
            ("Customer ID", "Customer Name", "Segment"),
        )
        assert len(flipped) >= 10

    def test_products_are_renamed_or_moved_at_their_date(self, sample: list[SampleFile]) -> None:
        columns = ("Product ID", "Category", "Sub-Category", "Product Name")
        flipped = check_flips(rows(sample[0]), rows(sample[1]), self.world.products, columns)
        changes = [fields(product.before)[1:3] == fields(product.after)[1:3] for product in flipped]
        assert any(changes), "renamed"
        assert not all(changes), "moved"

    def test_a_country_changes_its_region_at_its_date(self, sample: list[SampleFile]) -> None:
        flips = {place.key: date.fromordinal(place.since) for place in self.world.places if place.since != NEVER}
        assert set(flips) == {"Austria", "Mexico"}
        seen: dict[tuple[str, bool], set[str]] = defaultdict(set)
        for row in [*rows(sample[0]), *new_rows(sample[0], sample[1])]:
            if row["Country"] in flips:
                later = date.fromisoformat(row["Order Date"]) >= flips[row["Country"]]
                seen[row["Country"], later].add(row["Region"])
        assert seen == {
            ("Austria", False): {"Central"},
            ("Austria", True): {"South"},
            ("Mexico", False): {"North"},
            ("Mexico", True): {"Central"},
        }

    def test_every_kind_of_story_is_told_each_day(self, sample: list[SampleFile]) -> None:
        for file in sample[:3]:
            assert {story.dimension for story in file.stories} == {"customer", "product", "store"}
            assert all(
                story.was != story.becomes and story.was.keys() == story.becomes.keys() for story in file.stories
            )

    def test_stories_of_day_1_and_2_are_seen_in_the_lines(self, sample: list[SampleFile]) -> None:
        known = rows(sample[0]) + new_rows(sample[0], sample[1])
        for story in sample[0].stories + sample[1].stories:
            on_it, before = around(known, story.dimension, story.key, story.at)
            assert {name: on_it[name] for name in story.becomes} == story.becomes
            assert {name: before[name] for name in story.was} == story.was

    def test_pools_grow_gently_with_the_rows(self) -> None:
        sizes = [
            (len(world.customers), len(world.products), len(world.places))
            for world in (build_world(seed=7, rows=n, first_day=1, last_day=999) for n in (10_000, 5_000_000))
        ]
        assert sizes[0][:2] == (1_600, 3_000)
        assert 4_000 < sizes[1][0] < 6_000
        assert 8_000 < sizes[1][1] <= 10_000
        assert sizes[0][2] == sizes[1][2]

    def test_keys_of_the_pools_are_unique(self) -> None:
        world = build_world(seed=7, rows=5_000_000, first_day=1, last_day=999)
        for pool in (world.customers, world.products):
            assert len({entity.key for entity in pool}) == len(pool)
        assert len({fields(product.before)[3] for product in world.products}) == len(world.products)


def check_flips(first: list[Row], second: list[Row], pool: tuple, columns: tuple[str, ...]) -> list:  # type: ignore[type-arg]
    """Every new line agrees with the world at its order date; returns the entities seen on both sides."""
    entities = {entity.key: entity for entity in pool}
    known = by_id(first)
    sides: dict[str, set[bool]] = defaultdict(set)
    for row in [*first, *(row for row in second if row["Row ID"] not in known)]:
        entity = entities[row[columns[0]]]
        later = date.fromisoformat(row["Order Date"]).toordinal() >= entity.since
        assert [row[name] for name in columns] == fields(entity.after if later else entity.before)
        sides[entity.key].add(later)
    return [entities[key] for key, seen in sides.items() if len(seen) == 2]


def around(known: list[Row], dimension: str, key: tuple[str, ...], at: date) -> tuple[Row, Row]:
    """The line of that key on that day, and the last one before it."""
    names, _ = TRACKED[dimension]
    mine = sorted(
        (row for row in known if tuple(row[name] for name in names) == key), key=lambda row: row["Order Date"]
    )
    on_it = next(row for row in mine if row["Order Date"] == at.isoformat())
    return on_it, [row for row in mine if row["Order Date"] < at.isoformat()][-1]
