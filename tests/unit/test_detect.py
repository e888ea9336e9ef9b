"""What a file is found to be, or why it is rejected."""

import gzip
import io
import os
from pathlib import Path
from typing import Any

import pytest

from lakehouse.bronze import encoding
from lakehouse.bronze.detect import FileFacts, RejectedFile, inspect_file
from lakehouse.bronze.records import open_text, read_records

REQUIRED = ("Row ID", "Sales")
ROWS = "Row ID,Name,Sales\n1,José,2.5\n2,Bob,3\n"


def inspect(data: bytes, **options: Any) -> FileFacts:
    return inspect_file(lambda: io.BytesIO(data), expected_headers=REQUIRED, **options)


def reason(data: bytes, **options: Any) -> str:
    with pytest.raises(RejectedFile) as caught:
        inspect(data, **options)
    return str(caught.value)


def rows_with(*names: bytes) -> bytes:
    return b"Row ID,Name,Sales\n" + b"".join(b"%d,%s,1\n" % (row, name) for row, name in enumerate(names))


def test_a_plain_file_is_described() -> None:
    assert inspect(ROWS.encode(), known_headers=(*REQUIRED, "Name")) == FileFacts(
        encoding="utf-8",
        delimiter=",",
        header=("Row ID", "Name", "Sales"),
        header_line=1,
        extra_columns=(),
        records=2,
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbf" + ROWS.encode(), "utf-8-sig"),
        (b"\xff\xfe" + ROWS.encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + ROWS.encode("utf-16-be"), "utf-16-be"),
        (ROWS.encode("utf-16-le"), "utf-16-le"),
        (ROWS.encode("utf-16-be"), "utf-16-be"),
        (ROWS.encode("cp1252"), "cp1252"),
        (ROWS.encode().replace(b"\xc3\xa9", b"e"), "utf-8"),
    ],
)
def test_the_encoding_is_detected_and_the_file_reads_with_it(data: bytes, expected: str) -> None:
    facts = inspect(data)
    assert (facts.encoding, facts.header, facts.records) == (expected, ("Row ID", "Name", "Sales"), 2)
    with open_text(io.BytesIO(data), facts.encoding) as text:
        assert [record.error for record in read_records(text, facts.encoding, facts.delimiter, 3)] == [None] * 3


def test_utf_16_that_ends_in_half_a_character_is_accepted() -> None:
    assert inspect(b"\xff\xfe" + ROWS.encode("utf-16-le") + b"x").records == 3


def test_a_damaged_line_among_many_good_ones_leaves_the_file_utf_8() -> None:
    assert inspect(rows_with(*["José".encode()] * 9, b"Jos\xe9")).encoding == "utf-8"


@pytest.mark.parametrize("damage", [b"\xff", b"\xfe\xff", b"Jos\xc3", b"Ji\xc5\x99\xed", b"a\xe2\x80b", b"\x81"])
def test_one_damaged_line_and_no_other_non_ascii_one_leaves_the_file_utf_8(damage: bytes) -> None:
    assert inspect(rows_with(b"Bob", damage)).encoding == "utf-8"


def test_a_damaged_line_among_few_good_ones_leaves_the_file_utf_8() -> None:
    assert inspect(rows_with("José".encode(), b"Jos\xc3")).encoding == "utf-8"


@pytest.mark.parametrize("name", [b"Jos\xe9", b"S\xe3o", b"S\xc3O", b"5 \x80", b"a\xa0b", b"O\x92Neil", b"Coraz\xf3n"])
def test_lines_that_look_like_windows_1252_make_the_file_so(name: bytes) -> None:
    assert inspect(rows_with(name, b"Bob")).encoding == "cp1252"


def test_an_undefined_byte_among_many_windows_1252_lines_leaves_the_file_windows_1252() -> None:
    assert inspect(rows_with(*[b"Jos\xe9"] * 9, b"\x81")).encoding == "cp1252"


def test_a_file_half_utf_8_and_half_windows_1252_is_ambiguous_and_the_remedy_is_told() -> None:
    data = rows_with("José".encode(), b"Jos\xe9")
    assert "1 are UTF-8, 1 look like Windows-1252 and 0 like neither; set `encoding:`" in reason(data)
    assert inspect(data, encoding="utf-8").encoding == "utf-8"
    assert inspect(data, encoding="cp1252").encoding == "cp1252"


def test_many_lines_in_some_other_encoding_are_ambiguous() -> None:
    assert "20 like neither" in reason(rows_with(*["Москва".encode("cp1251")] * 20))


def test_an_encoding_the_source_does_not_allow_is_rejected() -> None:
    assert "is UTF-16 (little endian), but its source allows only utf-8" in reason(
        b"\xff\xfe" + ROWS.encode("utf-16-le"), encodings=("utf-8",)
    )


def test_with_one_allowed_encoding_damaged_lines_do_not_matter() -> None:
    assert inspect(rows_with(*[b"Jos\xe9"] * 5), encodings=("utf-8",)).encoding == "utf-8"
    assert inspect(rows_with("José".encode()), encodings=("cp1252",)).encoding == "cp1252"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_under_which_the_header_fits(delimiter: str) -> None:
    facts = inspect(ROWS.replace(",", delimiter).encode())
    assert (facts.delimiter, len(facts.header)) == (delimiter, 3)


def test_a_comma_in_a_quoted_header_name_does_not_deceive() -> None:
    assert inspect(b'"Row ID";"Name, first";"Sales"\n1;a,b,c,d;2\n').delimiter == ";"


def test_the_expected_delimiter_decides_where_several_fit() -> None:
    data = b"Sales\n1\n"
    facts = inspect_file(lambda: io.BytesIO(data), expected_headers=("Sales",), delimiter=";")
    assert facts.delimiter == ";"


def test_header_names_match_in_any_order_letter_case_and_spacing() -> None:
    assert inspect(b" SALES ,Name,row  id\n1,a,2\n").header == (" SALES ", "Name", "row  id")


def test_additional_columns_are_reported_as_they_stand() -> None:
    assert inspect(b"Row ID,Sales,Remark,\n1,2,x,\n").extra_columns == ("Remark", "")


def test_a_header_after_blank_rows_is_found_with_its_line() -> None:
    facts = inspect(b'\n,,\n" \n "\nRow ID,Sales\n\n1,2\n')
    assert (facts.header_line, facts.records) == (5, 2)


def test_a_header_without_rows_is_an_empty_batch() -> None:
    assert inspect(b"Row ID,Sales").records == 0


def test_blank_and_damaged_records_are_counted() -> None:
    assert inspect(b'Row ID,Sales\n1,"a\nb"\n\n2,"x\n3,y\n').records == 4


def test_gzip_is_looked_into_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(gzip.compress(ROWS.encode()))
    assert inspect_file(path, expected_headers=REQUIRED).records == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty (0 bytes)"),
        (gzip.compress(b"", mtime=0), "is empty (0 bytes)"),
        (b"\xef\xbb\xbf", "has no header, only blanks"),
        (b"\n \n\t\n", "has no header, only blanks"),
        (gzip.compress(ROWS.encode(), mtime=0)[:-5], "gzip data are truncated"),
        (b"\x1f\x8b", "gzip data are truncated"),
        (b"\x1f\x8bnonsense-nonsense", "gzip data are corrupt"),
        (gzip.compress(gzip.compress(ROWS.encode(), mtime=0), mtime=0), "gzip inside gzip"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is no CSV but a PNG image"),
        (b"PK\x03\x04rest", "ZIP archive"),
        (bytes(range(4)) * 100, "more than a tenth of its first bytes are NUL"),
        (b"Row ID,Name\n1,a\n", "missing 'Sales'; found 'Row ID', 'Name' (delimiter comma)"),
        (b"a;b\n1;2\n", "missing 'Row ID', 'Sales'; found 'a', 'b' (delimiter semicolon)"),
        (b"Row ID~Sales\n1~2\n", "not split into columns by any delimiter"),
        (b"Row ID,Sales,row id\n1,2,3\n", "names a column twice: 'Row ID'"),
        (b'"Row ID,Sales\n1,2\n', "(line 1) cannot be read: unbalanced quote"),
        (b'"Row ID"x,Sales\n1,2\n', "cannot be read: malformed quote"),
        (b"Row ID,Sales,\xff\n1,2\n", "cannot be read: undecodable"),
        (b"\xff\xfe\0\0R\0\0\0", "UTF-32"),
    ],
)
def test_a_file_that_cannot_be_taken_in_is_rejected_with_its_reason(data: bytes, words: str) -> None:
    message = reason(data)
    assert words in message
    assert message.endswith(".")
    assert len(message) < 500


def test_a_line_without_end_is_no_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "MAX_LINE_BYTES", 1 << 20)
    assert "is no CSV" in reason(b"Row ID,Sales\n" + b"x" * (3 << 20))


def test_an_endless_header_is_told_in_short() -> None:
    assert len(reason(b",".join(b"column%d" % number for number in range(5000)))) < 500


def test_a_missing_file_is_no_rejection() -> None:
    with pytest.raises(FileNotFoundError):
        inspect_file("no such file", expected_headers=REQUIRED)


@pytest.mark.skipif("RETAIL_REAL_DATA" not in os.environ, reason="RETAIL_REAL_DATA is not set")
@pytest.mark.parametrize(
    ("name", "encoding", "records"),
    [
        ("superstore/global_superstore_cp1252.csv", "cp1252", 51_290),
        ("superstore/global_superstore_utf8.csv", "utf-8", 51_290),
        ("online_retail/online_retail.csv", "utf-8", 541_909),
    ],
)
def test_the_real_files_are_described(name: str, encoding: str, records: int) -> None:
    facts = inspect_file(Path(os.environ["RETAIL_REAL_DATA"]) / name, expected_headers=())
    assert (facts.encoding, facts.delimiter, facts.records) == (encoding, ",", records)
