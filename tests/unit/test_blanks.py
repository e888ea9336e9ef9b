"""What is blank and what is normalised, for every character there is: reader and normaliser as the oracle says."""

import pyarrow as pa
import pytest

from lakehouse.bronze import records
from lakehouse.bronze.normalise import normalise
from tests.oracle import csv_records as oracle

CHARACTERS = [chr(code) for code in range(0x10000) if not 0xD800 <= code <= 0xDFFF]


@pytest.mark.parametrize("form", ["{}", "a{}b", "a {} b"])
def test_normalising_is_what_the_oracle_does(form: str) -> None:
    texts = [form.format(character) for character in CHARACTERS]
    tidy, changed = normalise(pa.array(texts, pa.string()))
    assert changed is not None
    told = zip(texts, tidy.to_pylist(), changed.to_pylist(), strict=True)
    assert [text for text, value, differs in told if (value, differs) != oracle.clean(text)] == []


def test_a_record_is_blank_where_all_its_characters_are_white_space() -> None:
    wrong = []
    for character in CHARACTERS:
        if character in '\r\n",':
            continue
        text = f"{character},{character * 2}\n"
        (found,) = records.read_records([text], "utf-8", ",", 3)
        (wanted,) = oracle.records(text, ",")
        blank = oracle.is_blank(wanted)
        if (records.is_blank(found), found.error) != (blank, None if blank else records.RAGGED):
            wrong.append(character)
    assert wrong == []
