"""The CSV reader, case by case: what a person would write down as an example."""

import gzip
import io
from pathlib import Path

import pytest

from lakehouse.bronze.records import (
    Record,
    count_records,
    is_blank,
    open_text,
    read_columns,
    read_records,
)


def records_of(data: bytes, encoding: str = "utf-8", width: int | None = None) -> list[Record]:
    with open_text(io.BytesIO(data), encoding) as text:
        return list(read_records(text, encoding, ",", width))


def fields_of(data: bytes, encoding: str = "utf-8") -> list[list[str] | None]:
    return [record.fields for record in records_of(data, encoding)]


def test_a_plain_line_is_a_record() -> None:
    assert records_of(b"a,b\n1, 2 \n") == [
        Record(1, "a,b", None, ["a", "b"], None),
        Record(2, "1, 2 ", None, ["1", " 2 "], None),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_ends_a_line(end: str) -> None:
    assert fields_of(f"a,b{end}c,d{end}".encode()) == [["a", "b"], ["c", "d"]]


def test_a_last_line_without_an_end_is_a_record() -> None:
    assert fields_of(b"a,b\nc,d") == [["a", "b"], ["c", "d"]]


def test_mixed_line_ends_give_the_same_records() -> None:
    assert fields_of(b"a\nb\r\nc\rd") == [["a"], ["b"], ["c"], ["d"]]


def test_an_embedded_newline_belongs_to_its_field_and_to_the_raw_text() -> None:
    first, second = records_of(b'1,"two\r\nlines"\r\n2,x\r\n')
    assert first == Record(1, '1,"two\r\nlines"', None, ["1", "two\r\nlines"], None)
    assert second.line == 3


def test_a_doubled_quote_is_a_quote() -> None:
    assert fields_of(b'1,"5"" pipe"\n') == [["1", '5" pipe']]


def test_a_quote_inside_an_unquoted_field_is_ordinary_text() -> None:
    assert fields_of(b'1,5" pipe\n') == [["1", '5" pipe']]


def test_text_after_a_closing_quote_rejects_that_record_only() -> None:
    bad, good = records_of(b'1,"x"y\n2,z\n')
    assert (bad.line, bad.raw, bad.fields, bad.error) == (1, '1,"x"y', None, "malformed_quote")
    assert good.fields == ["2", "z"]


def test_where_a_later_line_is_malformed_only_the_first_line_is_rejected() -> None:
    bad, inner, last = records_of(b'1,"x\ny,y\nz"z,3\n')
    assert (bad.raw, bad.error) == ('1,"x', "malformed_quote")
    assert (inner.line, inner.fields) == (2, ["y", "y"])
    assert (last.line, last.fields) == (3, ['z"z', "3"])


def test_a_quote_open_at_the_end_of_the_file_rejects_its_first_line_only() -> None:
    bad, good = records_of(b'1,"x\n2,y\n')
    assert (bad.raw, bad.error) == ('1,"x', "unbalanced_quote")
    assert good == Record(2, "2,y", None, ["2", "y"], None)


def test_a_quote_open_on_the_last_line_is_rejected() -> None:
    assert [record.error for record in records_of(b'1,x\n2,"y')] == [None, "unbalanced_quote"]


def test_a_record_may_have_64_physical_lines() -> None:
    (record,) = records_of(b'"' + b"x\n" * 63 + b'x"\n')
    assert record.error is None


def test_a_quote_open_after_64_physical_lines_rejects_its_first_line_only() -> None:
    records = records_of(b'"' + b"x\n" * 64 + b'x"\nlast\n')
    assert records[0] == Record(1, '"x', None, None, "unbalanced_quote")
    assert [record.line for record in records] == list(range(1, 67))
    assert all(record.error is None for record in records[1:])


def test_a_quote_open_for_100_lines_does_not_swallow_the_file() -> None:
    lines = [b'1,"open'] + [b"%d,x" % number for number in range(100)] + [b'last",x']
    records = records_of(b"\n".join(lines))
    assert len(records) == 102
    assert [record.error for record in records].count(None) == 101


def test_nul_bytes_are_ordinary_text() -> None:
    assert fields_of(b'a\0b,"c\0"\n') == [["a\0b", "c\0"]]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_field_of_a_megabyte_is_ordinary_text(quote: str) -> None:
    long = "x" * 2_000_000
    assert fields_of(f"1,{quote}{long}{quote}\n".encode()) == [["1", long]]


def test_an_undecodable_record_keeps_its_bytes_and_harms_no_other() -> None:
    before, damaged, after = records_of(b"1,\xc3\xa9\n2,caf\xe9\r\n3,x\n")
    assert before.fields == ["1", "é"]
    assert damaged == Record(2, "2,caf\ufffd", b"2,caf\xe9", None, "undecodable")
    assert after.fields == ["3", "x"]


def test_a_replacement_character_in_the_file_is_ordinary_text() -> None:
    (record,) = records_of("1,\ufffd\n".encode())
    assert (record.fields, record.raw_bytes, record.error) == (["1", "\ufffd"], None, None)


def test_a_byte_that_windows_1252_does_not_define_makes_its_record_undecodable() -> None:
    good, damaged = records_of(b"1,\x80\n2,\x81\n", "cp1252")
    assert good.fields == ["1", "€"]
    assert (damaged.raw_bytes, damaged.error) == (b"2,\x81", "undecodable")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_dropped(encoding: str) -> None:
    assert fields_of(b"\xef\xbb\xbfa,b\n", encoding) == [["a", "b"]]


def test_a_byte_order_mark_before_a_quote_is_dropped() -> None:
    assert fields_of(b'\xef\xbb\xbf"a,b"\n') == [["a,b"]]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"\xff\xfe" + "é,b\r\n1,😀\r\n".encode("utf-16-le"), "utf-16"),
        (b"\xfe\xff" + "é,b\r\n1,😀\r\n".encode("utf-16-be"), "utf-16"),
        (b"\xff\xfe" + "é,b\r\n1,😀\r\n".encode("utf-16-le"), "utf-16-le"),
        ("é,b\r\n1,😀\r\n".encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_utf_16_is_read_with_and_without_byte_order_mark(data: bytes, encoding: str) -> None:
    assert fields_of(data, encoding) == [["é", "b"], ["1", "😀"]]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_cut_in_the_middle_of_a_character_keeps_every_byte(encoding: str) -> None:
    data = "a,b\n1,x".encode(encoding) + b"\x0a"
    first, damaged = records_of(data, encoding)
    assert first.fields == ["a", "b"]
    assert (damaged.raw_bytes, damaged.error) == ("1,x".encode(encoding) + b"\x0a", "undecodable")


def test_an_unpaired_surrogate_in_utf_16_damages_its_record_only() -> None:
    data = "1,".encode("utf-16-le") + b"\x0a\xd8" + "\n2,b\n".encode("utf-16-le")
    damaged, good = records_of(data, "utf-16-le")
    assert damaged.raw_bytes == "1,".encode("utf-16-le") + b"\x0a\xd8"
    assert good.fields == ["2", "b"]


def test_a_record_of_another_width_is_ragged() -> None:
    assert [(record.fields, record.error) for record in records_of(b"1,2\n1\n1,2,3\n", width=2)] == [
        (["1", "2"], None),
        (None, "ragged"),
        (None, "ragged"),
    ]


@pytest.mark.parametrize("raw", ["", "  ", ",,,", "\u00a0,\u2003,\t", '"",""', '" \n "'])
def test_a_record_of_blanks_is_a_blank_row_of_any_width(raw: str) -> None:
    blank, _ = records_of(f"{raw}\n1,2\n".encode(), width=2)
    assert is_blank(blank)
    assert blank.error is None


@pytest.mark.parametrize("raw", ["0,", '"', '"" ', "\0,"])
def test_a_record_with_text_or_an_error_is_no_blank_row(raw: str) -> None:
    assert not is_blank(records_of(raw.encode())[0])


def test_gzip_is_recognised_by_its_content_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(gzip.compress(b"a,b\n"))
    with open_text(path, "utf-8") as text:
        assert [record.fields for record in read_records(text, "utf-8", ",")] == [["a", "b"]]


def test_a_stream_of_the_caller_stays_open() -> None:
    stream = io.BytesIO(b"a\n")
    with open_text(stream, "utf-8") as text:
        assert count_records(text, ",") == 1
    assert not stream.closed


def test_a_file_is_closed_after_reading() -> None:
    opened = []

    def open_file() -> io.BytesIO:
        opened.append(io.BytesIO(b"a\n"))
        return opened[-1]

    with open_text(open_file, "utf-8") as text:
        assert count_records(text, ",") == 1
    assert opened[0].closed


def test_columns_hold_the_same_records_in_chunks() -> None:
    data = b'a,b\n1,"x\ny"\n,\n1\n2,\xff\n3,"\n4,z\n'
    with open_text(io.BytesIO(data), "utf-8") as text:
        chunks = list(read_columns(text, "utf-8", ",", 2, size=3))
    assert [len(chunk) for chunk in chunks] == [3, 3, 1]
    assert [line for chunk in chunks for line in chunk.lines] == [1, 2, 4, 5, 6, 7, 8]
    assert [chunk.columns for chunk in chunks] == [
        [["a", "1", None], ["b", "x\ny", None]],
        [[None, None, None], [None, None, None]],
        [["4"], ["z"]],
    ]
    assert chunks[0].blanks == [False, False, True]
    assert chunks[1].errors == ["ragged", "undecodable", "unbalanced_quote"]
    assert chunks[1].raw_bytes == [None, b"2,\xff", None]


def test_a_file_without_records_has_no_chunks() -> None:
    assert list(read_columns([], "utf-8", ",", 2)) == []
