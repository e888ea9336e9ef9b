"""The CSV reader against Python's `csv`, on any text and any bytes."""

import csv
import io
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.bronze.decoding import GZIP_MAGIC
from lakehouse.bronze.records import (
    MAX_RECORD_LINES,
    Record,
    count_records,
    is_blank,
    open_text,
    read_columns,
    read_records,
)

DELIMITERS = st.sampled_from([",", ";", "\t", "|"])
PLAIN_TEXT = st.text(
    st.one_of(st.sampled_from(",;|\t \n\r\0é\x85\u2028"), st.characters(codec="utf-8", exclude_characters='"'))
)
CSV_TEXT = st.text(st.sampled_from('ab,;" \n\r\0é\x1c\x85\u2028'), max_size=80)
LONG_TEXT = st.lists(st.sampled_from(['"\n', "x\n", 'x"\n', '"x"\r\n', 'a,"b\n', '",\r']), max_size=150).map("".join)
BYTES = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from([b",", b'"', b"\n", b"\r", b"\xe9", b"\xc3\xa9", b"\0", b"\xd8", b"a"])).map(b"".join),
).filter(lambda data: not data.startswith(GZIP_MAGIC))
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])


def lines_of(text: str) -> list[str]:
    return list(io.StringIO(text.removeprefix("\ufeff"), newline=""))


def records_of(text: str, delimiter: str = ",", width: int | None = None) -> list[Record]:
    return list(read_records(io.StringIO(text, newline=""), "utf-8", delimiter, width))


def oracle(text: str, delimiter: str) -> list[tuple[int, list[str] | None]]:
    """(line, fields or None for a rejected line), by `csv` alone and the rule for rejected lines."""
    lines, found, at = lines_of(text), [], 0
    while at < len(lines):
        reader = csv.reader(islice(lines, at, at + MAX_RECORD_LINES), delimiter=delimiter, strict=True)
        try:
            found.append((at + 1, next(reader)))
            at += reader.line_num
        except csv.Error:
            found.append((at + 1, None))
            at += 1
    return found


@given(PLAIN_TEXT, DELIMITERS)
def test_a_text_without_quotes_is_read_as_csv_reads_it(text: str, delimiter: str) -> None:
    expected = list(csv.reader(lines_of(text), delimiter=delimiter, strict=True))
    assert [record.fields for record in records_of(text, delimiter)] == expected


@given(st.one_of(CSV_TEXT, LONG_TEXT), DELIMITERS)
def test_any_text_is_read_as_csv_reads_it_from_each_line_it_accepts(text: str, delimiter: str) -> None:
    records = records_of(text, delimiter)
    assert [(record.line, record.fields) for record in records] == oracle(text, delimiter)
    assert all((record.fields is None) == (record.error is not None) for record in records)


@given(st.one_of(CSV_TEXT, LONG_TEXT))
def test_the_raw_texts_with_their_line_ends_are_the_whole_text(text: str) -> None:
    lines, records = lines_of(text), records_of(text)
    starts = [record.line for record in records] + [len(lines) + 1]
    assert starts[0] == 1
    for record, start, end in zip(records, starts, starts[1:], strict=False):
        whole = "".join(lines[start - 1 : end - 1])
        assert whole in {record.raw + line_end for line_end in ("\n", "\r\n", "\r", "")}


@given(st.one_of(CSV_TEXT, LONG_TEXT), DELIMITERS)
def test_the_count_is_the_number_of_records(text: str, delimiter: str) -> None:
    assert count_records(io.StringIO(text, newline=""), delimiter) == len(records_of(text, delimiter))


@given(CSV_TEXT, st.integers(1, 4), st.integers(1, 5))
def test_columns_hold_the_same_records(text: str, width: int, size: int) -> None:
    records = records_of(text, width=width)
    chunks = list(read_columns(io.StringIO(text, newline=""), "utf-8", ",", width, size))
    rows = [row for chunk in chunks for row in zip(*chunk.columns, strict=True)]
    nothing = (None,) * width
    assert rows == [
        nothing if record.fields is None or is_blank(record) else tuple(record.fields) for record in records
    ]
    assert [line for chunk in chunks for line in chunk.lines] == [record.line for record in records]
    assert [blank for chunk in chunks for blank in chunk.blanks] == [is_blank(record) for record in records]


@given(BYTES, ENCODINGS)
def test_any_bytes_are_read_and_all_of_them_are_recoverable(data: bytes, encoding: str) -> None:
    with open_text(io.BytesIO(data), encoding) as text:
        codec = text.encoding
        records = list(read_records(text, encoding, ","))
    with open_text(io.BytesIO(data), encoding) as text:
        assert count_records(text, ",") == len(records)
    at = len("\ufeff".encode(codec)) if codec != "cp1252" and data.startswith("\ufeff".encode(codec)) else 0
    ends = [line_end.encode(codec) for line_end in ("\r\n", "\n", "\r")]
    for record in records:
        raw = record.raw.encode(codec) if record.raw_bytes is None else record.raw_bytes
        assert (record.raw_bytes is None) == (record.error != "undecodable")
        assert data[at : at + len(raw)] == raw
        at += len(raw)
        at += next((len(line_end) for line_end in ends if data[at:].startswith(line_end)), 0)
    assert at == len(data)
