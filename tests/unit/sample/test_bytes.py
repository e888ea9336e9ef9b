"""The sample's files: the same bytes for the same arguments, each line made without those before it."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from lakehouse.errors import UsageError
from lakehouse.sample import SampleFile, file_name, write_sample
from lakehouse.sample.bad_rows import DAMAGES, damaged
from lakehouse.sample.benches import _history
from lakehouse.sample.lines import BLOCK, Span, line_at, offset_of, span_lines
from lakehouse.sample.records import fields, text
from lakehouse.sample.world import changing_keys
from tests.unit.sample.rows import read, rows

CANONICAL = (
    "Row ID|Order ID|Order Date|Ship Date|Ship Mode|Customer ID|Customer Name|Segment|City|State|Country|"
    "Postal Code|Market|Region|Product ID|Category|Sub-Category|Product Name|Sales|Quantity|Discount|Profit|"
    "Shipping Cost|Order Priority"
)


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
