"""Answers as tables: what may be copied into the next question stands there as it is, and listings can be read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from lakehouse.cli.answers import write
from lakehouse.publish.question import Answer, Column

# As Snowflake gives them.
NAMES = """
    created_on name database_name schema_name kind comment cluster_by rows bytes owner retention_time
    automatic_clustering change_tracking search_optimization search_optimization_progress search_optimization_bytes
    is_external enable_schema_evolution owner_role_type is_event budget is_hybrid is_iceberg is_dynamic is_immutable
"""
TABLES = NAMES.split()
DESCRIBED = ["name", "type", "kind", "null?", "default", "primary key", "unique key", "check", "expression", "comment"]


def draw(form: str, names: Sequence[str], *rows: Sequence[Any]) -> None:
    columns = tuple(Column(name=name, kind=0, precision=None, scale=None) for name in names)
    write(Answer(columns=columns, batches=iter([[tuple(row) for row in rows]])), form, None, None)


def cells(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    lines = capsys.readouterr().out.replace("┃", "│").splitlines()
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if "│" in line]


def test_keys_years_and_amounts_stand_as_the_warehouse_gave_them(capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2025, 1, 10, 7, 0, 0, 250)
    row = [
        20250110,
        2025,
        938807483819483931,
        Decimal("-1234567.890000"),
        1234.5,
        True,
        None,
        at,
        at.replace(tzinfo=UTC),
    ]
    draw("table", ["DATE_SK", "YEAR", "SK", "S", "F", "B", "N", "T", "Z"], row)
    told = ["20250110", "2025", "938807483819483931", "-1234567.890000", "1234.5", "true", "-"]
    assert cells(capsys)[1] == [*told, "2025-01-10 07:00:00.000250", "2025-01-10 07:00:00.000250+00:00"]


def test_bars_are_named_by_years_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    draw("bars", ["YEAR", "S"], [2024, 1000], [2025, 2000])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[-2:]) for line in lines[1:]] == [("2024", ["1", "000"]), ("2025", ["2", "000"])]


def test_a_listing_of_tables_shows_what_a_person_looks_for(capsys: pytest.CaptureFixture[str]) -> None:
    values = {"name": "FACT_SALES", "schema_name": "GOLD", "kind": "TABLE", "rows": 51290, "comment": "Sale lines."}
    draw("table", TABLES, [values.get(name, "?") for name in TABLES])
    assert cells(capsys) == [
        ["schema_name", "name", "kind", "rows", "comment"],
        ["GOLD", "FACT_SALES", "TABLE", "51290", "Sale lines."],
    ]


def test_a_listing_says_that_it_has_more_columns_and_csv_has_them(capfd: pytest.CaptureFixture[str]) -> None:
    draw("table", TABLES)
    assert capfd.readouterr().out.endswith("5 of 25 columns: --format csv or json has them all\n")
    draw("csv", TABLES)
    assert capfd.readouterr().out == ",".join(TABLES) + "\n"


def test_a_description_shows_types(capsys: pytest.CaptureFixture[str]) -> None:
    draw("table", DESCRIBED, ["SALES", "NUMBER(20,6)", "COLUMN", "Y", None, "N", "N", None, None, "The amount."])
    assert cells(capsys)[1] == ["SALES", "NUMBER(20,6)", "Y", "The amount."]
