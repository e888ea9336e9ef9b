"""The made-up sales: the same bytes each time, and each file holds what its `SampleFile` says.

Files are read here with Python's `csv` alone, as a stranger would read them.
"""

import csv
import hashlib
import os
import tracemalloc
import unicodedata
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from lakehouse.runtime.errors import UsageError
from lakehouse.sample import SampleFile, file_name, write_history, write_increment, write_sample
from lakehouse.sample.bad_rows import DAMAGES, damaged
from lakehouse.sample.benches import _history
from lakehouse.sample.geography import REGIONS, cities
from lakehouse.sample.lines import BLOCK, Span, line_at, offset_of, span_lines
from lakehouse.sample.plan import plan_days
from lakehouse.sample.records import COLUMNS, fields, text
from lakehouse.sample.words import PRIORITIES, SEGMENTS, SHIP_MODES, SUB_CATEGORIES
from lakehouse.sample.world import NEVER, build_world, changing_keys

Row = dict[str, str]

CANONICAL = (
    "Row ID|Order ID|Order Date|Ship Date|Ship Mode|Customer ID|Customer Name|Segment|City|State|Country|"
    "Postal Code|Market|Region|Product ID|Category|Sub-Category|Product Name|Sales|Quantity|Discount|Profit|"
    "Shipping Cost|Order Priority"
)
TRACKED = {
    "customer": (("Customer ID",), ("Customer Name", "Segment")),
    "product": (("Product ID",), ("Product Name", "Category", "Sub-Category")),
    "store": (("Country", "State", "City"), ("Market", "Region")),
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[SampleFile]:
    return write_sample(tmp_path_factory.mktemp("sample"), days=5)


def read(path: Path) -> list[list[str]]:
    """The records after the header, without the line whose quote stays open."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
    return list(csv.reader(line for line in lines if not opens_a_quote(line)))


def opens_a_quote(line: str) -> bool:
    return line.count('"') % 2 == 1


def rows(file: SampleFile) -> list[Row]:
    """The good records of a file, as column → value."""
    return good_rows(file.path, file.as_of.date())


@cache
def good_rows(path: Path, as_of: date) -> list[Row]:
    full = [record for record in read(path) if len(record) == len(COLUMNS) and any(map(str.strip, record))]
    named = [dict(zip(COLUMNS, record, strict=True)) for record in full]
    return [row for row in named if not faults(row, as_of)]


def by_id(some: list[Row]) -> dict[str, Row]:
    return {row["Row ID"]: row for row in some}


def tidy(row: Row) -> Row:
    return {name: " ".join(unicodedata.normalize("NFC", value).split()) for name, value in row.items()}


def faults(row: Row, as_of: date) -> set[str]:
    """The rules of a good row, stated once more and independently; empty for a good one."""
    found = {"row id"} if not row["Row ID"].strip() else set()
    numbers: dict[str, Decimal] = {}
    for name in ("Sales", "Discount", "Profit", "Shipping Cost", "Quantity"):
        try:
            numbers[name] = Decimal(row[name])
        except InvalidOperation:
            found.add(name)
            continue
        if -numbers[name].as_tuple().exponent > (0 if name == "Quantity" else 6):  # type: ignore[operator]
            found.add(name)
    if numbers.get("Quantity") == 0:
        found.add("Quantity")
    if numbers.get("Sales", 0) < 0 and numbers.get("Quantity", -1) >= 0:
        found.add("Sales")
    if not 0 <= numbers.get("Discount", Decimal(0)) <= 1:
        found.add("Discount")
    return found | date_faults(row, as_of)


def date_faults(row: Row, as_of: date) -> set[str]:
    found: set[str] = set()
    days: dict[str, date] = {}
    for name in ("Order Date", "Ship Date"):
        try:
            days[name] = date.fromisoformat(row[name])
        except ValueError:
            found.add(name)
            continue
        if not 1990 <= days[name].year <= 2049:
            found.add(f"{name} range")
    if len(days) == 2 and days["Ship Date"] < days["Order Date"]:
        found.add("ship before order")
    if "Order Date" in days and days["Order Date"] > as_of + timedelta(days=1):
        found.add("future")
    return found


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class TestBytes:
    def test_the_same_arguments_give_the_same_bytes_and_promises(self, tmp_path: Path) -> None:
        one = write_sample(tmp_path / "one", rows=1_200, days=4)
        two = write_sample(tmp_path / "two", rows=1_200, days=4)
        assert [digest(file.path) for file in one] == [digest(file.path) for file in two]
        assert [file.stories for file in one] == [file.stories for file in two]

    def test_another_seed_gives_another_world(self, tmp_path: Path) -> None:
        one = write_sample(tmp_path / "one", rows=400, seed=7)
        two = write_sample(tmp_path / "two", rows=400, seed=8)
        assert all(digest(a.path) != digest(b.path) for a, b in zip(one, two, strict=True))
        customers = [{row["Customer ID"] for row in rows(files[0])} for files in (one, two)]
        assert customers[0] != customers[1]

    def test_fewer_days_leave_the_earlier_ones_as_they_are(self, tmp_path: Path) -> None:
        one, three = write_sample(tmp_path / "1", rows=300, days=1), write_sample(tmp_path / "3", rows=300)
        assert digest(one[0].path) == digest(three[0].path)
        assert len(one) == 1

    def test_files_are_utf8_with_lf_and_the_canonical_header(self, sample: list[SampleFile]) -> None:
        for file in sample:
            data = file.path.read_bytes()
            assert b"\r" not in data
            assert not data.startswith(b"\xef\xbb\xbf")
            assert data.decode("utf-8").splitlines()[0] == CANONICAL.replace("|", ",")

    def test_names_carry_the_as_of(self, sample: list[SampleFile]) -> None:
        assert [file.path.name for file in sample] == [file_name(file.as_of) for file in sample]
        assert sample[0].path.name == "superstore_2024-03-01T060000Z.csv"
        assert sample[0].as_of < sample[2].as_of < sample[1].as_of < sample[3].as_of < sample[4].as_of

    def test_nothing_half_written_stays(self, sample: list[SampleFile]) -> None:
        assert sorted(sample[0].path.parent.iterdir()) == sorted(file.path for file in sample)

    @pytest.mark.parametrize("arguments", [{"rows": 199}, {"days": 0}, {"days": 366}])
    def test_impossible_sizes_are_refused_in_a_sentence(self, tmp_path: Path, arguments: dict[str, int]) -> None:
        with pytest.raises(UsageError, match=r"A sample .*, not \d+: .*\."):
            write_sample(tmp_path, **arguments)

    @pytest.mark.parametrize("few", [200, 250, 999])
    def test_small_samples_hold_what_they_say(self, tmp_path: Path, few: int) -> None:
        for file in write_sample(tmp_path, rows=few, days=4):
            assert len(read(file.path)) + file.bad.get("unbalanced_quote", 0) == file.records


class TestHistory:
    def test_day_1_is_clean_and_of_the_size_asked_for(self, sample: list[SampleFile]) -> None:
        good = rows(sample[0])
        assert len(good) == sample[0].new == sample[0].records == 10_000
        assert [int(row["Row ID"]) for row in good] == list(range(1, 10_001))

    def test_it_spans_three_years_and_never_goes_back(self, sample: list[SampleFile]) -> None:
        dates = [row["Order Date"] for row in rows(sample[0])]
        assert dates == sorted(dates)
        assert (dates[0], dates[-1]) == ("2021-03-01", "2024-02-29")
        assert len(set(dates)) > 1_000

    def test_values_are_within_their_sets(self, sample: list[SampleFile]) -> None:
        pairs = {(category, sub) for category, sub, *_ in SUB_CATEGORIES}
        for row in rows(sample[0]):
            assert row["Ship Mode"] in SHIP_MODES
            assert row["Segment"] in SEGMENTS
            assert row["Order Priority"] in PRIORITIES
            assert (row["Category"], row["Sub-Category"]) in pairs
            assert row["Region"] in REGIONS[row["Market"]]

    def test_text_is_normal_and_every_column_but_postal_code_is_filled(self, sample: list[SampleFile]) -> None:
        for row in rows(sample[0]):
            assert tidy(row) == row
            assert all(value or name == "Postal Code" for name, value in row.items())

    def test_amounts_are_plain_numbers_of_at_most_5_decimals(self, sample: list[SampleFile]) -> None:
        for row in rows(sample[0]) + rows(sample[1]):
            for name in ("Sales", "Profit", "Shipping Cost", "Discount"):
                assert "e" not in row[name].lower()
                assert len(row[name].partition(".")[2]) <= 5

    def test_it_is_as_tricky_as_the_real_thing(self, sample: list[SampleFile]) -> None:
        good = rows(sample[0])
        names = {row["Product Name"] for row in good}
        assert any('"' in name for name in names)
        assert any("," in name for name in names)
        assert sum(not row["City"].isascii() or not row["Customer Name"].isascii() for row in good) > 1_000
        assert any(row["Postal Code"].startswith("0") for row in good)
        assert any(not row["Postal Code"] for row in good)
        assert any(Decimal(row["Profit"]) < 0 < Decimal(row["Sales"]) for row in good)

    def test_a_small_share_are_returns(self, sample: list[SampleFile]) -> None:
        good = rows(sample[0])
        returns = [row for row in good if int(row["Quantity"]) < 0]
        assert 40 < len(returns) < 300
        assert all(Decimal(row["Sales"]) < 0 for row in returns)

    def test_an_order_has_1_to_5_lines_of_one_customer_place_and_day(self, sample: list[SampleFile]) -> None:
        orders: dict[str, list[Row]] = defaultdict(list)
        for row in rows(sample[0]):
            orders[row["Order ID"]].append(row)
        assert set(map(len, orders.values())) == {1, 2, 3, 4, 5}
        shared = ("Order Date", "Ship Date", "Ship Mode", "Customer ID", "City", "Country", "Order Priority")
        assert all(len({tuple(row[name] for name in shared) for row in lines}) == 1 for lines in orders.values())

    def test_places_are_unique(self) -> None:
        known = cities()
        assert len(known) > 200
        assert len({(city.country, city.state, city.name) for city in known}) == len(known)

    def test_no_person_or_product_is_taken_from_the_real_file(self, sample: list[SampleFile]) -> None:
        folder = os.environ.get("RETAIL_REAL_DATA")
        if not folder:
            pytest.skip("RETAIL_REAL_DATA is not set: the folder of the real files")
        with (Path(folder) / "superstore" / "global_superstore_utf8.csv").open(encoding="utf-8", newline="") as file:
            real = list(csv.DictReader(file))
        for name in ("Customer Name", "Product Name", "Order ID"):
            assert not {row[name] for row in real} & {row[name] for row in rows(sample[0])}


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


def new_rows(first: SampleFile, second: SampleFile) -> list[Row]:
    known = by_id(rows(first))
    return [row for row in rows(second) if row["Row ID"] not in known]


def around(known: list[Row], dimension: str, key: tuple[str, ...], at: date) -> tuple[Row, Row]:
    """The line of that key on that day, and the last one before it."""
    names, _ = TRACKED[dimension]
    mine = sorted(
        (row for row in known if tuple(row[name] for name in names) == key), key=lambda row: row["Order Date"]
    )
    on_it = next(row for row in mine if row["Order Date"] == at.isoformat())
    return on_it, [row for row in mine if row["Order Date"] < at.isoformat()][-1]


class TestDay2:
    def test_the_counts_are_those_of_the_file(self, sample: list[SampleFile]) -> None:
        first, second = by_id(rows(sample[0])), sample[1]
        seen = Counter(tuple(row.items()) for row in rows(second))
        distinct = [dict(row) for row in seen]
        assert sum(seen.values()) - len(distinct) == second.duplicates == 25
        assert sum(row["Row ID"] not in first for row in distinct) == second.new == 500
        again = [row for row in distinct if row["Row ID"] in first]
        assert sum(tidy(row) != first[row["Row ID"]] for row in again) == second.corrections == 100
        assert sum(tidy(row) == first[row["Row ID"]] for row in again) == second.redelivered == 80
        assert sum(tidy(row) != row for row in again) == second.untidy == 20

    def test_no_line_is_stated_twice_with_different_content(self, sample: list[SampleFile]) -> None:
        distinct = {tuple(row.items()) for row in rows(sample[1])}
        assert max(Counter(dict(row)["Row ID"] for row in distinct).values()) == 1

    def test_all_records_are_accounted_for(self, sample: list[SampleFile]) -> None:
        second = sample[1]
        records = read(second.path)
        blank = [record for record in records if not any(map(str.strip, record))]
        assert len(blank) == second.blank == 3
        bad = len(records) - len(blank) - len(rows(second))
        assert bad + second.bad["unbalanced_quote"] == sum(second.bad.values())
        assert len(records) + second.bad["unbalanced_quote"] == second.records

    def test_a_dozen_kinds_of_bad_rows_are_there(self, sample: list[SampleFile]) -> None:
        assert len(sample[1].bad) >= 12
        assert set(sample[1].bad) == set(DAMAGES)
        assert all(count >= 1 for count in sample[1].bad.values())

    def test_each_faulty_row_has_one_fault_and_each_fault_comes_as_often_as_said(
        self, sample: list[SampleFile]
    ) -> None:
        second, seen = sample[1], Counter[str]()
        for record in read(second.path):
            if len(record) == len(COLUMNS) and any(map(str.strip, record)):
                found = faults(dict(zip(COLUMNS, record, strict=True)), second.as_of.date())
                assert len(found) <= 1, found
                seen.update(found)
            elif any(map(str.strip, record)):
                seen["fewer" if len(record) < len(COLUMNS) else "more"] += 1
        assert seen == {
            "row id": 2,
            "Quantity": 6,  # zero, not a number, not whole
            "Sales": 4,  # too many decimals, negative
            "Profit": 2,
            "Discount": 2,
            "ship before order": 2,
            "Order Date": 2,
            "Order Date range": 2,
            "Ship Date range": 2,
            "future": 2,
            "fewer": 2,
            "more": 2,
        }

    def test_bad_rows_touch_no_row_id_of_a_good_one(self, sample: list[SampleFile]) -> None:
        good = {row["Row ID"] for file in sample for row in rows(file)}
        records = [record for record in read(sample[1].path) if len(record) > 1 and record[0].strip()]
        bad = [record[0] for record in records if record[0] not in good]
        assert len(bad) == len(set(bad)) == 28

    def test_after_the_open_quote_come_whole_lines_without_quotes(self, sample: list[SampleFile]) -> None:
        lines = sample[1].path.read_text(encoding="utf-8").splitlines()
        (place,) = [number for number, line in enumerate(lines) if opens_a_quote(line)]
        assert len(lines[place + 1 :]) == 2
        assert all('"' not in line and len(line.split(",")) == len(COLUMNS) for line in lines[place + 1 :])

    def test_untidy_text_shows_all_three_ways(self, sample: list[SampleFile]) -> None:
        names = [row["Customer Name"] + row["City"] + row["Product Name"] for row in rows(sample[1])]
        assert any("\N{NO-BREAK SPACE}" in name for name in names)
        assert any("  " in name for name in names)
        assert any(unicodedata.normalize("NFC", name) != name for name in names)

    def test_new_lines_are_ordered_in_march(self, sample: list[SampleFile]) -> None:
        dates = {row["Order Date"] for row in new_rows(sample[0], sample[1])}
        assert min(dates) == "2024-03-01"
        assert max(dates) == "2024-03-31"


class TestDay3:
    def test_its_lines_are_unknown_and_older_than_the_newest_of_day_2(self, sample: list[SampleFile]) -> None:
        known = by_id(rows(sample[0]) + rows(sample[1]))
        late = [row for row in rows(sample[2]) if row["Row ID"] not in known]
        assert len(late) == sample[2].new > 150
        assert {row["Order Date"][:7] for row in late} == {"2024-03"}
        assert max(row["Order Date"] for row in late) <= "2024-03-15"

    def test_corrections_meet_day_1_and_stale_ones_meet_day_2(self, sample: list[SampleFile]) -> None:
        first, second = by_id(rows(sample[0])), by_id(rows(sample[1]))
        again = [row for row in rows(sample[2]) if row["Row ID"] in first]
        stale = [row for row in again if row["Row ID"] in second]
        assert (len(again) - len(stale), len(stale)) == (sample[2].corrections, sample[2].stale) == (20, 20)
        assert all(row != first[row["Row ID"]] for row in again)
        assert all(row != second[row["Row ID"]] for row in stale)

    def test_each_split_falls_between_two_observations_that_agree(self, sample: list[SampleFile]) -> None:
        stories = sample[2].stories
        assert Counter(story.dimension for story in stories) == {"customer": 4, "product": 4, "store": 4}
        lines = [row for file in sample[:3] for row in rows(file)]
        for story in stories:
            names, tracked = TRACKED[story.dimension]
            mine = [tidy(row) for row in lines if tuple(row[name] for name in names) == story.key]
            at = story.at.isoformat()
            versions = {
                side: {tuple(row[name] for name in tracked) for row in nearest}
                for side, nearest in neighbours(mine, at).items()
            }
            assert versions["before"] == versions["after"] != versions["on"]
            assert len(versions["on"]) == 1


def neighbours(mine: list[Row], at: str) -> dict[str, list[Row]]:
    """The lines on that day, those of the last day before it, and those of the first day after it."""
    days = sorted({row["Order Date"] for row in mine})
    before, after = max(day for day in days if day < at), min(day for day in days if day > at)
    chosen = {"before": before, "on": at, "after": after}
    return {side: [row for row in mine if row["Order Date"] == day] for side, day in chosen.items()}


class TestLaterDays:
    def test_they_add_correct_and_come_late_with_row_ids_of_their_own(self, sample: list[SampleFile]) -> None:
        known = by_id([row for file in sample[:3] for row in rows(file)])
        for file in sample[3:]:
            good = rows(file)
            assert len(good) == file.records
            assert sum(row["Row ID"] not in known for row in good) == file.new
            assert all(row != known.get(row["Row ID"]) for row in good)
            known |= by_id(good)


class TestLines:
    world, span = _history(3_000, 7)

    def test_a_line_is_made_without_those_before_it(self) -> None:
        lines = list(span_lines(self.world, self.span))
        for offset in (0, 1, BLOCK - 1, BLOCK, 2_345, 2_999):
            assert line_at(self.world, self.span, offset) == lines[offset]
        assert list(span_lines(self.world, self.span, from_offset=2_345)) == lines[2_345:]

    def test_the_first_line_of_a_day_is_found(self) -> None:
        lines = [fields(line) for line in span_lines(self.world, self.span)]
        day = self.span.first_day + 700
        offset = offset_of(self.span, day)
        assert lines[offset - 1][2] < date.fromordinal(day).isoformat() <= lines[offset + 5][2]

    def test_an_empty_span_has_no_lines(self) -> None:
        assert list(span_lines(self.world, Span(first_row=1, rows=0, first_day=1, days=1))) == []

    def test_text_and_fields_are_inverse(self) -> None:
        for record in (["a", 'say "no"', "x, y", "", " pad ", "é"], ["", ""]):
            assert fields(text(record)) == record

    def test_every_damage_changes_the_line(self) -> None:
        line = line_at(self.world, self.span, 100)
        assert all(damaged(line, kind, date(2024, 4, 1)) != line for kind in DAMAGES)

    def test_some_of_everything_changes(self) -> None:
        keys = changing_keys(self.world)
        assert {"Austria", "Mexico"} < keys
        assert len(keys) > 200


class TestBenches:
    @pytest.mark.parametrize("size", [1, 700, 20_000])
    def test_a_history_spans_four_years_whatever_its_size(self, tmp_path: Path, size: int) -> None:
        file = write_history(tmp_path / "h.csv", rows=size)
        good = rows(file)
        assert len(good) == size == file.new
        assert good[0]["Order Date"] <= "2020-01-05"
        if size > 1:
            assert good[-1]["Order Date"] >= "2023-12-25"
        assert all(a["Order Date"] <= b["Order Date"] for a, b in pairwise(good))

    def test_an_increment_is_80_10_10_and_fits_its_history(self, tmp_path: Path) -> None:
        known = by_id(rows(write_history(tmp_path / "h.csv", rows=20_000)))
        file = write_increment(tmp_path / "i.csv", of_rows=20_000, rows=1_000)
        good = rows(file)
        corrected = [row for row in good if row["Row ID"] in known]
        new = [row for row in good if row["Order Date"] == "2024-01-01"]
        late = [row for row in good if row["Row ID"] not in known and row["Order Date"] < "2024-01-01"]
        assert (len(new), len(corrected), len(late)) == (800, 100, 100)
        assert (file.new, file.corrections) == (900, 100)
        assert all(row != known[row["Row ID"]] for row in corrected)
        assert min(known[row["Row ID"]]["Order Date"] for row in corrected) >= "2023-12-01"
        assert "2023-10-03" <= min(row["Order Date"] for row in late) < "2023-10-20"
        assert sorted(int(row["Row ID"]) for row in new + late) == list(range(20_001, 20_901))

    def test_increments_follow_each_other(self, tmp_path: Path) -> None:
        write_history(tmp_path / "h.csv", rows=20_000)
        one, two = (
            by_id(rows(write_increment(tmp_path / f"{n}.csv", of_rows=20_000, rows=500, number=n))) for n in (1, 2)
        )
        shared = one.keys() & two.keys()
        assert all(int(key) <= 20_000 and one[key] != two[key] for key in shared)

    def test_a_small_history_gives_what_corrections_it_can(self, tmp_path: Path) -> None:
        file = write_increment(tmp_path / "i.csv", of_rows=100, rows=1_000)
        assert file.records == len(rows(file)) == 1_000

    def test_too_few_rows_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError):
            write_history(tmp_path / "h.csv", rows=0)
        with pytest.raises(UsageError):
            write_increment(tmp_path / "i.csv", of_rows=1_000, rows=9)

    def test_memory_does_not_grow_with_the_rows(self, tmp_path: Path) -> None:
        write_history(tmp_path / "warm.csv", rows=1_000)  # fills the caches of dates
        peaks = []
        for size in (5_000, 20_000):
            tracemalloc.start()
            write_history(tmp_path / f"{size}.csv", rows=size)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < peaks[0] * 1.2 < 40_000_000
