"""Date formats: their regular expressions, and which of them can be told apart."""

import re
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lakehouse.contract.dates import FORMAT_LETTERS, faults, format_regex, render

SEPARATORS = st.sampled_from(["-", "/", ".", " "])
FORMATS = st.builds(
    lambda parts, separator, time: separator.join(parts) + time,
    st.permutations(["y", "M", "d"]).flatmap(
        lambda order: st.tuples(*(st.sampled_from([f for f in FORMAT_LETTERS if f[0] == letter]) for letter in order))
    ),
    st.one_of(SEPARATORS, st.just("")),
    st.sampled_from(["", " HH:mm", " H:mm", " HH:mm:ss"]),
)


@pytest.mark.parametrize(
    "fmt, regex",
    [
        ("dd-MM-yyyy", r"\d{2}\-\d{2}\-\d{4}"),
        ("M/d/yyyy H:mm", r"\d{1,2}/\d{1,2}/\d{4}\ \d{1,2}:\d{2}"),
        ("dd.MM.yyyy", r"\d{2}\.\d{2}\.\d{4}"),
        ("yyyyMMdd", r"\d{4}\d{2}\d{2}"),
    ],
)
def test_a_format_has_the_shape_of_its_letters(fmt: str, regex: str) -> None:
    assert format_regex(fmt) == regex


@given(FORMATS, st.dates())
def test_a_day_written_in_a_format_has_its_shape(fmt: str, day: date) -> None:
    assume(day.year >= 1000)  # strftime writes earlier years without zeros
    assert re.fullmatch(format_regex(fmt), render(fmt, day))


@given(st.lists(FORMATS, min_size=2, max_size=2, unique=True), st.dates(min_value=date(1000, 1, 1)))
def test_formats_that_the_loader_takes_together_never_read_one_text(formats: list[str], day: date) -> None:
    assume(not list(faults(formats)))
    one, other = formats
    assert not re.fullmatch(format_regex(other), render(one, day))
    assert not re.fullmatch(format_regex(one), render(other, day))


@pytest.mark.parametrize("formats", [["yyyy-MM-dd", "dd-MM-yyyy"], ["M/d/yyyy H:mm"], ["yyyyMMdd", "dd.MM.yyyy"]])
def test_formats_of_different_shape_go_together(formats: list[str]) -> None:
    assert list(faults(formats)) == []


@pytest.mark.parametrize(
    "fmt", ["yyyy-MM-dd'T'HH:mm", "dd.MM.yy", "yyyy-MM", "dd.MM.yyyy dd", "[dd.MM.yyyy]", "dMyyyy"]
)
def test_a_format_that_could_be_misread_is_refused(fmt: str) -> None:
    assert len(list(faults([fmt]))) == 1
