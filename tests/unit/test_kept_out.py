"""What `lakehouse quarantine` says of rows: the value that broke each rule, and what stands of the line."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lakehouse.bronze import ledger, records
from lakehouse.cli import show
from lakehouse.contract.reasons import BROKEN, STRUCTURAL_ERRORS, reasons
from lakehouse.contract.rules import CHECKS
from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake
from lakehouse.silver import SALES
from tests.unit.calls import Command, printed_without_pyspark

AS_OF = datetime(2024, 3, 1, 6, tzinfo=UTC)
"""That of the file of the fixture, by its name."""

KeepOut = Callable[..., None]


@pytest.fixture
def keep_out(lakehouse: Command, lake: Lake, file: Path) -> KeepOut:
    """Puts the text of a row of the landed file into quarantine, for reasons."""
    assert lakehouse("land", "--source", "superstore", file).code == 0
    (landing,) = ledger.read(lake)

    def keep(raw: str, *reasons: str, line: int = 2, **told: Any) -> None:
        place = {"landing_id": landing.landing_id, "line": line, "source": "superstore", "file": landing.path}
        batch = {"batch_id": "b", "rule_fingerprint": "r", "status": "open", "quarantined_at": AS_OF}
        row = {**place, **batch, "raw_text": raw, "reasons": list(reasons), "recorded_at": AS_OF, **told}
        tables.append(lake, "ops.quarantine", [row])

    return keep


@pytest.fixture
def changed(file: Path) -> Callable[..., str]:
    """The first row of the file with other values, by header."""
    header, row, *_ = csv.reader(file.read_text(encoding="utf-8").splitlines())

    def changed(**values: str) -> str:
        named = {**dict(zip(header, row, strict=True)), **{k.replace("_", " "): v for k, v in values.items()}}
        return text_of(list(named.values()))

    return changed


def text_of(fields: Sequence[str], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(fields)
    return out.getvalue()


def shown(lakehouse: Command, *arguments: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(lakehouse("quarantine", "--json", *arguments).out)["shown"]
    return rows


def sold(lake: Lake, sale_id: str, at: datetime, source: str = "superstore", deleted: bool = False) -> None:
    mark = {"_batch_id": "b", "_content_hash": "v1:"}
    row = {"source_system": source, "sale_id": sale_id, "recorded_at": at, "is_deleted": deleted, **mark}
    tables.append(lake, SALES, [row])


@pytest.mark.parametrize(
    "rule, values, why",
    [
        ("quantity_unreadable", {"Quantity": "abc"}, "quantity 'abc': not a whole number"),
        (
            "sales_unreadable",
            {"Sales": "1,5"},
            "sales '1,5': not a number of at most 14 digits and 6 decimals, decimal point",
        ),
        (
            "order_date_unreadable",
            {"Order_Date": "2024-02-30"},
            "order_date '2024-02-30': not a date as yyyy-MM-dd or dd-MM-yyyy",
        ),
        ("row_id_missing", {"Row_ID": ""}, "row_id '': must not be empty"),
        ("row_id_is_digits", {"Row_ID": "A7"}, r"row_id 'A7': not of the form \d+"),
        ("quantity_not_zero", {"Quantity": "0"}, "quantity '0': must not be 0"),
        ("discount_is_a_share", {"Discount": "1.5"}, "discount '1.5': not between 0 and 1"),
        ("sales_not_negative", {"Sales": "-5"}, "sales '-5': needs sales >= 0 OR is_return"),
        ("ship_date_in_calendar", {"Ship_Date": "2050-01-02"}, "'2050-01-02': not in the years 1990 to 2049"),
        (
            "ship_date_not_before_order_date",
            {"Ship_Date": "2024-01-01", "Order_Date": "2024-02-01"},
            "ship_date '2024-01-01', order_date '2024-02-01': ship_date before order_date",
        ),
        (
            "order_date_not_in_future",
            {"Order_Date": "2025-01-01"},
            "order_date '2025-01-01', recorded_at '2024-03-01T06:00:00Z': needs order_date <=",
        ),
    ],
)
def test_the_value_that_broke_a_rule_is_shown(
    lakehouse: Command,
    keep_out: KeepOut,
    changed: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    rule: str,
    values: dict[str, str],
    why: str,
) -> None:
    monkeypatch.setattr(show, "_console", lambda: Console(width=250))
    keep_out(changed(**values), rule)
    out = lakehouse("quarantine", "--reason", rule).out
    assert f"│ superstore_2024-03-01T060000Z.csv │    2 │ {rule}" in out
    assert why in out
    assert "in silver" not in out
    (row,) = shown(lakehouse)
    told = {(one["rule"], one["column"]): one["value"] for one in row["broken"]}
    assert told.items() >= {(rule, header.lower()): value for header, value in values.items()}.items()


def test_a_row_that_broke_two_rules_takes_two_lines(
    lakehouse: Command, keep_out: KeepOut, changed: Callable[..., str]
) -> None:
    keep_out(changed(Quantity="abc", Discount="1.5"), "quantity_unreadable", "discount_is_a_share")
    out = lakehouse("quarantine", "--reason", "discount_is_a_share").out
    assert "quantity 'abc'" in out
    assert "discount '1.5'" in out
    assert out.endswith("1 of 1 row(s); --json has them whole\n")
    (row,) = shown(lakehouse)
    assert row["broken"] == [
        {"rule": "quantity_unreadable", "column": "quantity", "value": "abc"},
        {"rule": "discount_is_a_share", "column": "discount", "value": "1.5"},
    ]


@pytest.mark.parametrize("error", STRUCTURAL_ERRORS)
def test_of_a_record_without_fields_its_text_is_shown(lakehouse: Command, keep_out: KeepOut, error: str) -> None:
    keep_out('7,"a text\x1b[31m that goes on\nand on', error)
    out = lakehouse("quarantine").out
    assert f'{STRUCTURAL_ERRORS[error]}: 7,"a text\\x1b[31m that' in out
    (row,) = shown(lakehouse)
    assert row["broken"] == [{"rule": error, "column": None, "value": None}]


def test_values_are_found_by_the_header_of_their_file(
    lakehouse: Command, lake: Lake, keep_out: KeepOut, file: Path
) -> None:
    other = file.with_name("superstore_2024-04-01T060000Z.csv")
    rows = [row[::-1] for row in csv.reader(file.read_text(encoding="utf-8").splitlines())]
    rows = [[*row, extra] for row, extra in zip(rows, ["Remark", *["none"] * len(rows)], strict=False)]
    other.write_text("".join(f"{text_of(row, ';')}\n" for row in rows), encoding="utf-16")
    assert lakehouse("land", "--source", "superstore", other).code == 0
    (landing,) = ledger.read(lake, file_name=other.name)
    place = rows[0].index("Quantity")
    damaged = [*rows[1][:place], 'three; or\n"four"', *rows[1][place + 1 :]]
    keep_out(text_of(damaged, ";"), "quantity_unreadable", landing_id=landing.landing_id)
    (row,) = shown(lakehouse)
    assert row["broken"][0]["value"] == 'three; or\n"four"'


def test_a_value_of_any_length_leaves_the_table_readable(
    lakehouse: Command, keep_out: KeepOut, changed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "_console", lambda: Console(width=60))
    keep_out(changed(Quantity="9" * 5000), "quantity_unreadable")
    lines = [line.rstrip() for line in lakehouse("quarantine").out.splitlines()]
    assert lines[1:4] == [" file  superstore_2024-03-01T060000Z.csv", " line  2", " rule  quantity_unreadable"]
    assert len(lines) == 7
    assert " ".join("".join(lines[4:6]).split()) == f"why quantity '{'9' * 39}…': not a whole number"
    assert shown(lakehouse)[0]["broken"][0]["value"] == "9" * 5000


def test_rows_of_rules_and_sources_that_are_gone_are_told_all_the_same(lakehouse: Command, keep_out: KeepOut) -> None:
    keep_out("a;b", "rule_of_old", source="shop_of_old", landing_id="of old")
    assert "a;b" in lakehouse("quarantine", "--source", "shop_of_old", "--reason", "rule_of_old").out


def test_a_rule_that_no_row_broke_is_no_error(lakehouse: Command, keep_out: KeepOut) -> None:
    ended = lakehouse("quarantine", "--reason", "quantity_not_zero")
    assert (ended.code, ended.out) == (0, "no such row was kept out\n")


def test_where_no_row_was_kept_out_it_is_said(lakehouse: Command, lake: Lake) -> None:
    ended = lakehouse("quarantine")
    assert (ended.code, ended.out) == (0, "no row was kept out\n")


@pytest.mark.parametrize("options", [[], ["--source", "superstore"], ["--json"]])
def test_an_unknown_rule_is_named_with_those_there_are(
    lakehouse: Command, keep_out: KeepOut, options: list[str]
) -> None:
    keep_out("a", "rule_of_old")
    ended = lakehouse("quarantine", "--reason", "quantity_unreadible", *options)
    assert (ended.code, ended.out) == (2, "")
    assert ended.sentence.startswith(
        "there is no rule 'quantity_unreadible' (did you mean quantity_unreadable?): known"
    )
    named = ended.sentence.partition("known are ")[2].split(", ")
    expected = {"ragged", "rule_of_old", "row_id_is_digits", "unit_price_missing", "discount_is_a_share"}
    assert expected <= set(named)
    assert named == sorted(named)


def test_a_rule_that_only_warns_says_where_its_rows_are(lakehouse: Command) -> None:
    ended = lakehouse("quarantine", "--reason", "segment_known")
    assert ended.code == 2
    assert ended.sentence.startswith("the rule segment_known only warns, and its rows are in silver: docs/how-to/load-")


def test_an_unknown_source_is_named_with_those_there_are(lakehouse: Command, keep_out: KeepOut) -> None:
    ended = lakehouse("quarantine", "--source", "superstor")
    assert (ended.code, ended.out) == (2, "")
    assert ended.sentence.startswith(
        "there is no source 'superstor' (did you mean superstore?): known are online_retail"
    )


@pytest.mark.parametrize(
    "days, deleted, told",
    [
        (31, False, "2024-04-01T06:00:00+00:00"),
        (0, False, "2024-03-01T06:00:00+00:00"),
        (-1, False, None),
        (9, True, None),
    ],
)
def test_a_statement_that_stands_and_is_not_older_is_told(
    lakehouse: Command,
    lake: Lake,
    keep_out: KeepOut,
    changed: Callable[..., str],
    days: int,
    deleted: bool,
    told: str | None,
) -> None:
    sold(lake, "A 'quoted' key", AS_OF + timedelta(days=days), deleted=deleted)
    sold(lake, "other", AS_OF + timedelta(days=90))
    sold(lake, "A 'quoted' key", AS_OF + timedelta(days=90), source="online_retail")
    keep_out(changed(Row_ID=" A  'quoted' key "), "row_id_is_digits")
    keep_out(changed(Row_ID="' OR '1'='1"), "row_id_is_digits", line=3)
    assert [row["stands_as_of"] for row in shown(lakehouse)] == [told, None]
    assert [row["status"] for row in shown(lakehouse)] == ["open", "open"]
    out = lakehouse("quarantine").out
    assert ("in silver" in out) == (told is not None)
    words = f"a later one, as of {told[:10]}" if told and days else "another of the same as-of"
    assert told is None or f"│ {words} │" in out


def test_where_a_line_is_known_by_all_its_fields_nothing_is_said_of_its_coming_again(
    lakehouse: Command, lake: Lake, keep_out: KeepOut, tmp_path: Path
) -> None:
    text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    row = "536365,85123A,HOLDER,six,12/1/2010 8:26,2.55,17850,United Kingdom"
    (tmp_path / "retail.csv").write_text(f"{text}{row}\n")
    assert lakehouse("land", "--source", "online_retail", tmp_path / "retail.csv").code == 0
    (landing,) = ledger.read(lake, source="online_retail")
    sold(lake, "536365", AS_OF + timedelta(days=9), source="online_retail")
    keep_out(row, "quantity_unreadable", "sales_missing", source="online_retail", landing_id=landing.landing_id)
    (told,) = shown(lakehouse)
    assert told["stands_as_of"] is None
    assert told["broken"] == [
        {"rule": "quantity_unreadable", "column": "quantity", "value": "six"},
        {"rule": "sales_missing", "column": None, "value": None},
    ]


def test_quarantine_does_not_load_pyspark(lake: Lake, keep_out: KeepOut, changed: Callable[..., str]) -> None:
    sold(lake, "1", AS_OF)
    keep_out(changed(Row_ID="1", Quantity="abc"), "quantity_unreadable")
    out = printed_without_pyspark("quarantine")
    assert "quantity 'abc'" in out
    assert "another of the same as-of" in out


def test_each_check_and_each_error_of_the_reader_has_words(lake: Lake) -> None:
    assert BROKEN.keys() == CHECKS.keys()
    errors = {records.UNBALANCED_QUOTE, records.MALFORMED_QUOTE, records.RAGGED, records.UNDECODABLE}
    assert STRUCTURAL_ERRORS.keys() == errors
    for source in lake.catalog.sources.values():
        told = reasons(source, lake.table(source.table), (1990, 2049))
        assert all(one.words and "{" not in one.words for one in told.values())
        assert [name for name, one in told.items() if not one.columns] == list(STRUCTURAL_ERRORS)
