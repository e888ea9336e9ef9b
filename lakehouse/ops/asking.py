"""Questions to Delta tables that their engine answers, without Spark.

In: a table, and SQL. Out: rows, as dictionaries by column. Guaranteed: what the engine can add up is not added up in
Python: whoever asks again and again pays for the answer, not for the table's rows.
"""

from typing import Any

import pyarrow as pa
from deltalake import QueryBuilder
from deltalake.exceptions import TableNotFoundError

from lakehouse.ops.opening import opened
from lakehouse.ops.sql import equal_to
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.refused import in_our_words


def ask(lake: Lake, table: str, query: str) -> list[dict[str, Any]]:
    """The rows that answer a query, in which the table is `t`; [] where there is no table."""
    try:
        there = opened(lake, table)
    except TableNotFoundError:
        return []
    with in_our_words(lake.store, lake.location(table)):
        rows: list[dict[str, Any]] = pa.table(QueryBuilder().register("t", there).execute(query)).to_pylist()
    return rows


def rows_of(lake: Lake, table: str) -> int:
    """How many rows a table has, as its log tells."""
    return sum(row["rows"] for row in ask(lake, table, "SELECT count(*) AS rows FROM t"))


def total(lake: Lake, table: str, column: str, **equal: str | int) -> int:
    """The sum of a column over the rows whose columns equal the values given."""
    rows = ask(lake, table, f"SELECT sum({column}) AS total FROM t WHERE {equal_to(equal)}")
    return sum(row["total"] or 0 for row in rows)
