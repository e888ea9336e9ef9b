"""Does the warehouse hold the release? Counts and sums, worked out on both sides apart.

In: an open transaction with the tables as they are to be, and the Delta versions of the release. Out: nothing, or the
first difference. Guaranteed: the Delta side is asked directly, not by way of what was exported.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder

from lakehouse.contract.derive.warehouse_ddl import published_columns, warehouse_name
from lakehouse.contract.model import Table
from lakehouse.errors import JobError
from lakehouse.publish import statements
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.refused import in_our_words

if TYPE_CHECKING:
    from snowflake.connector.cursor import SnowflakeCursor


def reconcile(cursor: "SnowflakeCursor", lake: Lake, table: Table, there: DeltaTable) -> None:
    """Compare a table of the warehouse with its Delta version: rows, sums of numbers, counts of other values.

    Args:
        there: the table, opened as of the version.

    Raises:
        JobError: they differ; it names table, column and both numbers.
    """
    with in_our_words(lake.store, lake.location(table.name)):
        expected = of_delta(table, there)
    found = of_warehouse(cursor, table)
    for name, value in expected.items():
        if found[name] != value:
            what = "rows" if name == "all_rows" else f"{_what(table, name)} of {name}"
            raise JobError(
                f"{warehouse_name(table)} is not as its release: {what} is {_told(found[name])} in the warehouse and "
                f"{_told(value)} in Delta; nothing was published; `lakehouse publish --full` moves every row anew"
            )


def of_delta(table: Table, there: DeltaTable) -> dict[str, Any]:
    """Rows and totals of a table of gold, by column."""
    told = [f"{_total(table, c.name)} AS {c.name}" for c in published_columns(table)]
    query = f"SELECT count(*) AS all_rows, {', '.join(told)} FROM t"
    builder = QueryBuilder().register("t", there)
    (row,) = pa.table(builder.execute(query)).to_pylist()
    return {name: _number(value) for name, value in row.items()}


def of_warehouse(cursor: "SnowflakeCursor", table: Table) -> dict[str, Any]:
    """The same of the table in the warehouse, as this session sees it."""
    row = cursor.execute(statements.totals(table)).fetchone()  # type: ignore[union-attr]
    names = ["all_rows", *(c.name for c in published_columns(table))]
    return {name: _number(value) for name, value in zip(names, row or (), strict=True)}


def _total(table: Table, name: str) -> str:
    """Sums of integers as decimals: the sum of surrogate keys is beyond 64 bits."""
    kind = table.column(name).type
    return {"integer": f"sum(CAST({name} AS DECIMAL(38,0)))", "money": f"sum({name})"}.get(kind, f"count({name})")


def _what(table: Table, name: str) -> str:
    return "the sum" if table.column(name).type in statements.SUMMED else "the number of values"


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _told(value: Decimal | None) -> str:
    return "NULL" if value is None else f"{value.normalize():f}"
