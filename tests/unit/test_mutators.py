"""The mutators keep their word: only the rows that they name are damaged, only the files rejected."""

import io
from collections import Counter

import pytest

from lakehouse.bronze.detect import FileFacts, RejectedFile, column_key, inspect_file
from lakehouse.bronze.records import open_text, read_records
from tests.mutators import MUTATORS, Mutation

HEADER = "Row ID,Order Date,Customer ID,City,Product Name,Postal Code,Sales\n"
ROWS = [
    '1,2012-07-31,10015,São Paulo,"Chair, black",01234,12.5\n',
    '2,2012-08-01,10016,Malmö,"5"" pipe",00045,1234.56\n',
    "3,2012-08-02,10017,Bob's Town,Table,,0.5\n",
    '4,2012-08-03,10018,Köln,"two\nlines",,-7.25\n',
    "5,2012-08-04,10019,Málaga,Lamp,00501,3.0\n",
    '6,2012-08-05,10020,Łódź,"Pen ""x""",,1.0\n',
]
REQUIRED = ("Row ID", "Sales")
LF = (HEADER + "".join(ROWS)).encode()
CRLF = LF.replace(b"\n", b"\r\n")
EXACT = ["byte_order_mark", "utf_16_little_endian", "mixed_line_ends", "header_reordered", "column_added"]


def inspect(data: bytes) -> FileFacts:
    return inspect_file(lambda: io.BytesIO(data), expected_headers=REQUIRED)


def rows_of(data: bytes) -> list[frozenset[tuple[str, str]]]:
    """The sound rows of a file as sets of (column, value), without columns that the header above lacks."""
    facts = inspect(data)
    keys = [column_key(name) for name in facts.header]
    known = {column_key(name) for name in HEADER.split(",")}
    with open_text(io.BytesIO(data), facts.encoding) as text:
        records = list(read_records(text, facts.encoding, facts.delimiter, len(keys)))
    assert len(records) - 1 == facts.records
    return [
        frozenset(pair for pair in zip(keys, record.fields, strict=True) if pair[0] in known)
        for record in records[1:]
        if record.fields and len(record.fields) == len(keys)
    ]


def mutate(name: str, data: bytes) -> Mutation:
    return MUTATORS[name](data)


@pytest.mark.parametrize("data", [LF, CRLF], ids=["LF", "CRLF"])
@pytest.mark.parametrize("name", MUTATORS)
def test_rows_that_a_damage_does_not_touch_are_unharmed(name: str, data: bytes) -> None:
    mutation = mutate(name, data)
    assert mutation.name == name
    if mutation.rejected_file:
        assert mutation.damaged == frozenset(range(len(ROWS)))
        with pytest.raises(RejectedFile):
            inspect(mutation.data)
        return
    before = rows_of(data)
    assert len(before) == len(ROWS)
    expected = Counter(row for at, row in enumerate(before) if at not in mutation.damaged)
    assert expected <= Counter(rows_of(mutation.data))


@pytest.mark.parametrize("name", MUTATORS)
def test_a_mutator_changes_something_and_always_the_same(name: str) -> None:
    assert mutate(name, LF).data != LF
    assert mutate(name, LF) == mutate(name, LF)


@pytest.mark.parametrize("name", EXACT)
def test_a_harmless_mutation_damages_no_row(name: str) -> None:
    assert mutate(name, LF).damaged == frozenset()
    assert rows_of(mutate(name, LF).data) == rows_of(LF)


def test_damage_to_one_cell_touches_one_row() -> None:
    assert {len(mutate(name, LF).damaged) for name in ("nul_bytes", "locale_decimals", "invalid_utf_8")} == {1}


def test_a_quote_that_a_later_one_closes_names_every_row_it_takes() -> None:
    data = b'Row ID,Name,Sales\n1,a,2\n2,b,2\n3,c,2\n4,",x",2\n5,d,2\n'
    assert mutate("open_quote_in_the_middle", data).damaged == {2, 3}
