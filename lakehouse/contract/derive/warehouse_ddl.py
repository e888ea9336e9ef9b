"""Contract → table of the warehouse, as SQL that Snowflake and its emulator both run.

In: the contract of a table. Out: the statement that creates it. Guaranteed: the same names, types without loss, NOT
NULL where the contract says so; technical columns (`_…`) stay behind, they mean nothing to readers.

No PRIMARY KEY: Snowflake does not enforce it, and the emulator does, row by row, within a transaction that replaces
rows. The keys are proven where gold is built.
"""

from collections.abc import Iterable

from lakehouse.contract.derive.delta_table import is_never_null
from lakehouse.contract.model import Column, Table

WAREHOUSE_TYPES = {
    "text": "VARCHAR",
    "integer": "NUMBER(38,0)",
    "money": "NUMBER(20,6)",
    "date": "DATE",
    "timestamp": "TIMESTAMP_NTZ(6)",
    "boolean": "BOOLEAN",
}
"""Snowflake's type for each type of a contract that a published table may have; times are UTC."""


def published_columns(table: Table) -> tuple[Column, ...]:
    """The columns that readers of the warehouse see."""
    return tuple(c for c in table.columns if not c.name.startswith("_"))


def warehouse_name(table: Table) -> str:
    """`FACT_SALES` for `gold.fact_sales`: Snowflake's names are upper case where they are not quoted."""
    return table.name.rpartition(".")[2].upper()


def column_definitions(columns: Iterable[Column]) -> list[str]:
    """`SALE_ID VARCHAR`, … with their types alone."""
    return [f"{c.name.upper()} {WAREHOUSE_TYPES[c.type]}" for c in columns]


def create_table(table: Table) -> str:
    """`CREATE TABLE IF NOT EXISTS`, unqualified: the session is in the schema."""
    columns = ",\n  ".join(_column(table, c) for c in published_columns(table))
    return (
        f"CREATE TABLE IF NOT EXISTS {warehouse_name(table)} (\n  {columns}\n)\nCOMMENT = {_literal(table.description)}"
    )


def _column(table: Table, column: Column) -> str:
    null = " NOT NULL" if is_never_null(table, column) else ""
    (definition,) = column_definitions([column])
    return f"{definition}{null} COMMENT {_literal(column.description)}"


def _literal(text: str) -> str:
    r"""A text as Snowflake writes it, where `\` begins an escape."""
    return "'{}'".format(text.replace("\\", "\\\\").replace("'", "''"))
