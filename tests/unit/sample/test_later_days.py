"""The days after the first: each file holds the corrections, duplicates, bad rows and late lines that it says."""

import unicodedata
from collections import Counter

from lakehouse.sample import SampleFile
from lakehouse.sample.bad_rows import DAMAGES
from lakehouse.sample.records import COLUMNS
from tests.unit.sample.rows import TRACKED, Row, by_id, faults, new_rows, opens_a_quote, read, rows, tidy


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
