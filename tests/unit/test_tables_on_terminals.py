"""Tables fit the terminal: whole words in columns, cards where there is no room for them."""

from collections.abc import Sequence

import pytest
from rich.console import Console

from lakehouse.cli import show

COLUMNS = ["file", "rows", "what was said"]
ROWS = [("day_1.csv", 1200, "all is well"), ("day_2.csv", 7, "nothing new under the sun")]


def drawn(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    width: int,
    rows: Sequence[Sequence[object]] = ROWS,
    cut: str | None = None,
) -> str:
    monkeypatch.setattr(show, "_console", lambda: Console(width=width))
    show.table("Files", COLUMNS, rows, cut=cut)
    return "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())


def test_where_there_is_room_a_row_takes_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "│ day_2.csv │     7 │ nothing new under the sun │" in drawn(monkeypatch, capsys, 80)


def test_in_less_room_texts_fold_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = drawn(monkeypatch, capsys, 34)
    assert "│ day_2.csv │     7 │ nothing" in text
    assert max(map(len, text.splitlines())) <= 34


@pytest.mark.parametrize("width", range(27, 60))
def test_no_word_is_broken_while_cards_have_room(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = drawn(monkeypatch, capsys, width)
    words = {word for row in ROWS for value in row for word in show.shown(value).split(" ")}
    assert words - set(text.replace("│", " ").split()) == set()


def test_where_words_would_break_each_row_is_a_card(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = drawn(monkeypatch, capsys, 28).splitlines()
    assert lines[:4] == ["Files", " file           day_1.csv", " rows           1 200", " what was said  all is well"]
    assert lines[4:6] == ["", " file           day_2.csv"]


LONG = [("day_1.csv", 7, "quantity 'abc': not a whole number, as long as this text is")]


def test_a_text_that_may_be_cut_is_cut_before_rows_become_cards(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = drawn(monkeypatch, capsys, 60, LONG, cut="what was said")
    assert "│ day_1.csv │    7 │ quantity 'abc': not a whole number, … │" in text


def test_a_text_is_not_cut_to_where_it_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "quantity 'abc': not a whole" in drawn(monkeypatch, capsys, 58, LONG, cut="what was said")
    assert "this text is" in drawn(monkeypatch, capsys, 58, LONG, cut="what was said").replace("\n ", "")


def test_a_short_text_needs_no_more_room_than_it_has(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "│ day_2.csv │     7 │ nothing new" in drawn(monkeypatch, capsys, 49, cut="what was said")


def test_an_empty_table_has_its_titles_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "_console", lambda: Console(width=20))
    show.table("Files", COLUMNS, [])
    assert "Files" in capsys.readouterr().out


def test_a_title_is_not_folded_to_a_narrow_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "_console", lambda: Console(width=80))
    show.table("Accounting (rows in = the sum of the classes)", ["rows_in"], [(0,)])
    assert capsys.readouterr().out.splitlines()[0] == "Accounting (rows in = the sum of the classes)"


def test_a_column_without_any_value_is_none_of_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "_console", lambda: Console(width=80))
    show.table("Runs", ["rows", "error"], [(None, None), (7, None)])
    assert "│    7 │ -     │" in capsys.readouterr().out
