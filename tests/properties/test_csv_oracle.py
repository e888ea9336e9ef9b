"""The CSV side of the silver oracle: small files with one damage each, and the laws of its reader.

Where a row is damaged it is quarantined with its line and reasons, and its neighbours are unharmed.
"""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.csv_records import records
from tests.oracle.csv_sources import FileRejectedError, read_csv

START = datetime(2024, 1, 1, tzinfo=UTC)
HEADER = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
GOOD = b"1,A,Lamp,2,12/1/2010 8:26,2.55,17850,France\n"
law = settings(max_examples=600, deadline=None, database=None)


def reasons_of(rows: bytes) -> list[tuple[int, list[str]]]:
    """Line and reasons of the quarantined rows of an Online Retail file."""
    batch = read_csv("online_retail", HEADER + rows, "utf-8", ",", START)
    return [(line, reasons) for line, _, reasons in batch.quarantined]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (GOOD + b"1,A,Lamp\n" + GOOD, [(3, ["ragged"])]),
        (GOOD + b'1,A,"Lamp,2,x\n' + GOOD, [(3, ["unbalanced_quote"])]),
        (b'1,A,"Lamp"s,2,x\n' + GOOD, [(2, ["malformed_quote"])]),
        (b"1,A,Lamp\xff,2,12/1/2010 8:26,2.55,,France\n" + GOOD, [(2, ["undecodable"])]),
        (b"1,A,Lamp,0,12/1/2010 8:26,2.55,,France\n", [(2, ["quantity_zero"])]),
        (b"1,A,,1,13/1/2010 8:26,2.55,,France\n", [(2, ["unreadable:InvoiceDate"])]),
        (b"1,A,,1,12/1/2010 8:26,1e3,,\n", [(2, ["unreadable:UnitPrice", "missing:Country"])]),
        (b"1,A,,-1,12/1/2010 8:26,-2.55,,France\n", [(2, ["unit_price_negative"])]),
        (b"1,A,,1,12/1/2010 8:26,2.5500000,,France\n", []),
        (b"1,A,,1,12/1/2010 8:26,2.5500001,,France\n", [(2, ["unreadable:UnitPrice"])]),
        (b"1,A,,1,1/2/2024 23:59,2.55,,France\n", []),
        (b"1,A,,1,1/3/2024 0:00,2.55,,France\n", [(2, ["order_after_recorded"])]),
    ],
)
def test_a_bad_row_is_quarantined_with_its_line_and_reasons(rows: bytes, expected) -> None:
    assert reasons_of(rows) == expected


def test_a_quote_may_stay_open_for_64_lines_and_no_longer() -> None:
    field = b'1,A,"Lamp%b",2,12/1/2010 8:26,2.55,17850,France\n'
    assert reasons_of(field % (b"\n" * 63)) == []
    rejected = reasons_of(field % (b"\n" * 64) + GOOD)
    assert rejected[0] == (2, ["unbalanced_quote"])


def test_blanks_are_normalised_and_counted_and_blank_records_are_no_rows() -> None:
    row = "1,A, Cafe\u0301\u00a0 bar ,2,12/1/2010 8:26,2.55,\t,France\n"
    batch = read_csv("online_retail", HEADER + f"\n \u00a0\n{row}".encode(), "utf-8", ",", START)
    assert batch.blank == 2
    assert [line for line, _ in batch.statements] == [4]
    content = batch.statements[0][1].content
    assert (content["product_name"], content["customer_id"]) == ("Café bar", None)
    assert (content["sales"], content["is_return"]) == (Decimal("5.10"), False)
    assert batch.normalised == {"Description": 1, "CustomerID": 1}


@pytest.mark.parametrize("header", [b"", b"a,b\n", HEADER.replace(b"Description", b"country"), b'"open\n'])
def test_what_is_no_file_of_the_source_is_rejected(header: bytes) -> None:
    with pytest.raises(FileRejectedError):
        read_csv("online_retail", header, "utf-8", ",", START)


@law
@given(st.text(alphabet='a,"\n\r ', max_size=40))
def test_the_records_of_a_text_are_the_text(text: str) -> None:
    found = list(records(text, ","))
    lines = list(io.StringIO(text, newline=""))
    starts = [record.line for record in found] + [len(lines) + 1]
    assert starts[0] == 1
    assert starts == sorted(set(starts))
    for record, following in zip(found, starts[1:], strict=True):
        whole = "".join(lines[record.line - 1 : following - 1])
        assert whole.startswith(record.raw)
        assert whole[len(record.raw) :] in ("", "\n", "\r", "\r\n")


@law
@given(st.lists(st.lists(st.text(alphabet='a,"\n\r é', max_size=6), min_size=2, max_size=4), max_size=6))
def test_what_a_csv_writer_wrote_is_read_back(rows: list[list[str]]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    assert [record.fields for record in records(written.getvalue(), ",")] == rows
