"""What is derived from a contract, as texts that a person has read: a change shows as a difference to review.

After a meant change: `.venv/bin/python tests/unit/test_derivations.py` writes tests/unit/expected anew.
"""

from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.conf import conf_folder
from lakehouse.contract.derive.arrow_schema import arrow_schema
from lakehouse.contract.derive.delta_table import check_constraints, create_statement, is_never_null, table_properties
from lakehouse.contract.derive.spark_schema import SPARK_TYPES, spark_schema
from lakehouse.contract.derive.warehouse_ddl import create_table, published_columns
from lakehouse.contract.loader import load_catalog
from lakehouse.contract.model import Column, Expectation, Table
from lakehouse.contract.rules import CHECKS, literal, sql_condition

EXPECTED = Path(__file__).parent / "expected"
PUBLISHED = ("gold.dim_product", "gold.fact_sales", "warehouse.lakehouse_releases")


def derived() -> dict[str, str]:
    """The expected files by name."""
    tables = load_catalog(conf_folder()).tables
    sales = tables["silver.sales"]
    return {
        **{f"{name}.warehouse.sql": create_table(tables[name]) + "\n" for name in PUBLISHED},
        "bronze.sales_events.sql": create_statement(tables["bronze.sales_events"], "/lake/bronze/sales_events") + "\n",
        "silver.sales.schema.txt": spark_schema(sales.columns).replace(", `", ",\n`") + "\n",
        "silver.sales.sql": create_statement(sales, "/lake/silver/sales") + "\n",
    }


TABLE = Table(
    name="silver.lines",
    description="One row per line.",
    owner="x",
    keys=("line_id",),
    sequence_by=("said_at",),
    apply_as_deletes="is_gone",
    columns=(
        Column(name="line_id", type="text", description="It's the key.", required=True),
        Column(name="amount", type="money", description="The amount.", required=True),
        Column(name="note", type="text", description="A note."),
        Column(name="said_at", type="timestamp", description="When.", required=True),
        Column(name="is_gone", type="boolean", description="Gone.", required=True),
        Column(name="_batch_id", type="text", description="The batch.", required=True),
    ),
    expectations=(
        Expectation(
            name="small", check="between", arguments={"column": "amount", "min": 0, "max": 9}, on_fail="quarantine"
        ),
        Expectation(name="short", check="matches", arguments={"column": "note", "pattern": "a|b"}, on_fail="warn"),
        Expectation(name="in_time", check="in_calendar", arguments={"column": "said_at"}, on_fail="quarantine"),
    ),
)


@pytest.mark.parametrize(
    "name",
    [
        "bronze.sales_events.sql",
        "silver.sales.schema.txt",
        "silver.sales.sql",
        *(f"{name}.warehouse.sql" for name in PUBLISHED),
    ],
)
def test_a_table_is_derived_as_expected(name: str) -> None:
    assert derived()[name] == (EXPECTED / name).read_text(encoding="utf-8")


def test_every_type_of_a_contract_has_one_in_spark_and_one_in_arrow() -> None:
    columns = tuple(
        Column(name=f"a_{i}", type=t, description=t, required=i == 0)  # type: ignore[arg-type]
        for i, t in enumerate(SPARK_TYPES)
    )
    table = Table(name="x.y", description="", owner="", columns=columns, keys=("a_0",))
    assert len(arrow_schema(table)) == len(SPARK_TYPES)
    assert [field.nullable for field in arrow_schema(table)] == [False] + [True] * (len(SPARK_TYPES) - 1)


def test_a_tombstone_needs_only_keys_order_and_technical_columns() -> None:
    never_null = [c.name for c in TABLE.columns if is_never_null(TABLE, c)]
    assert never_null == ["line_id", "said_at", "is_gone", "_batch_id"]


def test_constraints_let_tombstones_and_nulls_pass_and_leave_out_warnings_and_settings() -> None:
    assert check_constraints(TABLE) == {
        "amount_required": "is_gone OR amount IS NOT NULL",
        "small": "is_gone OR coalesce(amount BETWEEN 0 AND 9, true)",
    }


def test_every_table_keeps_old_versions_for_thirty_days() -> None:
    for table in load_catalog(conf_folder()).tables.values():
        properties = table_properties(table)
        assert properties["delta.deletedFileRetentionDuration"] == "interval 30 days"
        assert properties["delta.logRetentionDuration"] == "interval 30 days"


def test_text_in_a_statement_is_quoted() -> None:
    statement = create_statement(TABLE, "/la`ke/x")
    assert "COMMENT 'It\\'s the key.'" in statement
    assert "delta.`/la``ke/x`" in statement


@pytest.mark.parametrize(
    "value, sql",
    [("a", "'a'"), ("it's", r"'it\'s'"), ("\\d", r"'\\d'"), (1, "1"), (1.5, "1.5"), (True, "true"), (False, "false")],
)
def test_a_literal_is_written_in_sql(value: object, sql: str) -> None:
    assert literal(value) == sql


@pytest.mark.parametrize(
    "check, arguments, sql",
    [
        ("one_of", {"column": "a", "values": ["x", "y's", 1]}, r"a IN ('x', 'y\'s', 1)"),
        ("between", {"column": "a", "min": 0, "max": 1}, "a BETWEEN 0 AND 1"),
        ("at_least", {"column": "a", "min": 0}, "a >= 0"),
        ("not_equal", {"column": "a", "value": 0}, "a <> 0"),
        ("not_before", {"column": "a", "other": "b"}, "a >= b"),
        ("matches", {"column": "a", "pattern": "x|y"}, r"a RLIKE '\\A(?:x|y)\\z'"),
        ("condition", {"condition": "a OR b"}, "(a OR b)"),
        ("in_calendar", {"column": "a"}, "year(a) BETWEEN {first_year} AND {last_year}"),
    ],
)
def test_a_check_is_one_condition(check: str, arguments: dict[str, object], sql: str) -> None:
    assert sql_condition(Expectation(name="n", check=check, arguments=arguments, on_fail="warn")) == sql


def test_every_check_is_tested_above() -> None:
    assert set(CHECKS) == {
        "one_of", "between", "at_least", "not_equal", "not_before", "matches", "condition", "in_calendar",
    }  # fmt: skip


def test_arrow_s_schema_has_types_nulls_and_comments() -> None:
    schema = arrow_schema(TABLE)
    amount = schema.field("amount")
    assert (amount.type, amount.nullable, amount.metadata) == (pa.decimal128(20, 6), True, {b"comment": b"The amount."})
    assert schema.field("line_id").nullable is False


def test_technical_columns_are_not_published_and_a_quote_in_a_comment_is_doubled() -> None:
    assert [c.name for c in published_columns(TABLE)] == ["line_id", "amount", "note", "said_at", "is_gone"]
    assert "LINE_ID VARCHAR NOT NULL COMMENT 'It''s the key.'" in create_table(TABLE)


if __name__ == "__main__":
    for name, text in derived().items():
        (EXPECTED / name).write_text(text, encoding="utf-8")
