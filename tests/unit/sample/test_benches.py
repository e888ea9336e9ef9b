"""Histories and increments for benches: of the size asked for, fitting each other."""

import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest

from lakehouse.errors import UsageError
from lakehouse.sample import write_history, write_increment
from tests.unit.sample.rows import by_id, rows


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
