"""What a run says of its batches: classes, reasons, and rows that contradict each other."""

import pytest

from lakehouse.cli.load import _accounting
from lakehouse.ops.accounting import CLASSES


def batch(**told: object) -> dict[str, object]:
    """A batch's row of ten inserted rows, but for what is told."""
    counts = dict.fromkeys(CLASSES, 0) | {"inserted": 10}
    ended = {"status": "done", "reasons": {}, "warnings": {}, "conflicts": 0}
    return {"file": "day.csv", "rows_in": 10, **counts, **ended, **told}


def test_rows_that_contradict_others_of_the_same_as_of_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    _accounting([batch(conflicts=3), batch(), batch(conflicts=1, file="next.csv")])
    told = " ".join(capsys.readouterr().out.split())
    assert "3 row(s) of day.csv say something else about a line than another one of the same as-of" in told
    assert "1 row(s) of next.csv say something else about" in told
    assert told.endswith("tells how to find them, give the right one a later --as-of")


def test_of_no_contradiction_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    _accounting([batch(warnings={"segment_known": 1})])
    told = capsys.readouterr().out
    assert "segment_known" in told
    assert "docs/how-to/load-your-csv.md tells how to find them" in told
    assert "same as-of" not in told
    assert "quarantined" not in told


def kept_out(**told: object) -> dict[str, object]:
    return batch(inserted=0, reasons={"row_id_missing": 8}, quarantined=8, blank=2, **told)


def test_a_file_of_which_nothing_passed_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    _accounting([batch(), kept_out(file="bad.csv")])
    told = capsys.readouterr().out
    assert told.endswith("every row of bad.csv was quarantined: lakehouse quarantine shows why\n")
    assert told.count("every row") == 1


@pytest.mark.parametrize("other", [{"status": "held"}, {"blank": 1, "inserted": 1}, {"blank": 10, "quarantined": 0}])
def test_of_other_files_it_is_not_said(capsys: pytest.CaptureFixture[str], other: dict[str, object]) -> None:
    _accounting([kept_out() | other])
    assert "every row" not in capsys.readouterr().out
