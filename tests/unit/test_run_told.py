"""What a run says of its batches: classes, reasons, and rows that contradict each other."""

import pytest

from lakehouse.cli.load import _accounting
from lakehouse.ops.accounting import CLASSES


def batch(**told: object) -> dict[str, object]:
    """A batch's row of ten inserted rows, but for what is told."""
    counts = dict.fromkeys(CLASSES, 0) | {"inserted": 10}
    return {"file": "day.csv", "rows_in": 10, **counts, "reasons": {}, "warnings": {}, "conflicts": 0, **told}


def test_rows_that_contradict_others_of_the_same_as_of_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    _accounting([batch(conflicts=3), batch(conflicts=1)])
    told = " ".join(capsys.readouterr().out.split())
    assert "4 row(s) say something else about a line than another one of the same as-of" in told
    assert "give a correction a later --as-of" in told


def test_of_no_contradiction_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    _accounting([batch(warnings={"segment_known": 1})])
    told = capsys.readouterr().out
    assert "segment_known" in told
    assert "same as-of" not in told
