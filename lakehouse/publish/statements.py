"""All SQL that publishing sends to the warehouse, as text.

In: contracts, and names made of releases and tables. Out: statements. Guaranteed: each runs on Snowflake and on its
emulator alike (no MERGE, no temporary tables, no SWAP or CLONE); values go as parameters, `?`; names come from
contracts and settings, which were validated.
"""

from collections.abc import Iterable, Sequence

from lakehouse.contract.derive.warehouse_ddl import column_definitions, create_table, published_columns, warehouse_name
from lakehouse.contract.model import Column, Table

STAGING = "LAKEHOUSE_STAGING_"
"""How the names of staging tables begin: whatever is called so belongs to the publisher."""

GONE = "LAKEHOUSE_GONE"
"""The column of a staging table that marks the key of a row to remove."""

SUMMED = ("integer", "money")
"""Types of columns that are reconciled by their sum; the others by how many values there are."""

BEGIN, COMMIT, ROLLBACK = "BEGIN", "COMMIT", "ROLLBACK"

TABLES = "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = CURRENT_SCHEMA() ORDER BY TABLE_NAME"
"""The tables that are there, those that a killed attempt staged among them."""


def creation(tables: Iterable[Table]) -> list[str]:
    """What makes the tables where they are not there yet."""
    return [create_table(table) for table in tables]


def columns_of(table: Table) -> str:
    """A query without rows that tells the columns a table has in the warehouse."""
    return f"SELECT * FROM {warehouse_name(table)} LIMIT 0"


def add_column(table: Table, column: Column) -> str:
    """A column that the contract has and the warehouse has not; rows there have NULL in it until they are replaced."""
    (definition,) = column_definitions([column])
    return f"ALTER TABLE {warehouse_name(table)} ADD COLUMN {definition}"


def staging_name(release_id: str, table: Table) -> str:
    """`LAKEHOUSE_STAGING_R00001_0123456789AB_FACT_SALES`: one a release and table."""
    return f"{STAGING}{release_id.upper().replace('-', '_')}_{warehouse_name(table)}"


def create_staging(name: str, table: Table) -> str:
    """An empty staging table: the published columns, none of them required, and the mark of rows to remove."""
    columns = [*column_definitions(published_columns(table)), f"{GONE} BOOLEAN"]
    return f"CREATE OR REPLACE TRANSIENT TABLE {name} (\n  " + ",\n  ".join(columns) + "\n)"


def put(path: str, staging: str) -> str:
    """Upload one Parquet file to the stage of a staging table; the stage goes with its table."""
    return f"PUT 'file://{path}' @%{staging} AUTO_COMPRESS = FALSE OVERWRITE = TRUE"


def copy_into(staging: str) -> str:
    """Load what is in the stage of a staging table, by the names of the columns.

    FORCE: the emulator remembers files by name, and would skip those of an attempt before.
    """
    return (
        f"COPY INTO {staging} FROM @%{staging}\n"
        "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE)\n"
        "MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE"
    )


def drop(name: str) -> str:
    """Remove a staging table and its stage."""
    return f"DROP TABLE IF EXISTS {name}"


def replace_all(table: Table, staging: str) -> list[str]:
    """Put the staged rows in place of all rows."""
    return [f"DELETE FROM {warehouse_name(table)}", _insert(table, staging)]


def replace_changed(table: Table, staging: str) -> list[str]:
    """Put the staged rows in place of those with their keys, and remove those whose keys are marked."""
    name = warehouse_name(table)
    same = " AND ".join(f"{name}.{key.upper()} = {staging}.{key.upper()}" for key in table.keys)
    return [f"DELETE FROM {name} USING {staging} WHERE {same}", _insert(table, staging)]


def _insert(table: Table, staging: str) -> str:
    columns = ", ".join(c.name.upper() for c in published_columns(table))
    return f"INSERT INTO {warehouse_name(table)} ({columns})\nSELECT {columns} FROM {staging} WHERE NOT {GONE}"


def totals(table: Table) -> str:
    """One row: the number of rows, then of each column its sum where it holds numbers, else how many values it has."""
    told = [f"{_total(c)} AS {c.name.upper()}" for c in published_columns(table)]
    return f"SELECT COUNT(*) AS ALL_ROWS, {', '.join(told)} FROM {warehouse_name(table)}"


def _total(column: Column) -> str:
    return f"{'SUM' if column.type in SUMMED else 'COUNT'}({column.name.upper()})"


def newest_publication(ledger: Table) -> str:
    """The newest row of the ledger."""
    columns = ", ".join(c.name.upper() for c in ledger.columns)
    return f"SELECT {columns} FROM {warehouse_name(ledger)} ORDER BY SEQUENCE DESC LIMIT 1"


def insert_publication(ledger: Table, columns: Sequence[str]) -> str:
    """A new row of the ledger; the values are parameters."""
    names, marks = ", ".join(c.upper() for c in columns), ", ".join("?" for _ in columns)
    return f"INSERT INTO {warehouse_name(ledger)} ({names}) VALUES ({marks})"
