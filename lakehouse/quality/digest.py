"""Digests: one number for the content of a table, whatever the order of its rows.

In: rows and the columns that count. Out: the row count and the sum of row hashes. Guaranteed: two tables
with the same rows have the same digest in every engine that follows docs/reference/hashes.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract.model import Column, Table
from lakehouse.silver.identity import canonical_text, hash_number


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """How many rows, and the sum of the first 15 hexadecimal digits of each row's hash."""

    rows: int
    sum: int

    def __str__(self) -> str:
        return f"{self.rows}-{self.sum:x}"


def digest(rows: DataFrame, columns: Sequence[Column]) -> Digest:
    """The digest of rows over the columns given, in their order."""
    row = rows.agg(F.count(F.lit(1)), F.sum(row_number_of(columns))).first()
    count, total = (row[0], row[1]) if row is not None else (0, None)
    return Digest(rows=count, sum=int(total or 0))


def row_number_of(columns: Sequence[Column], prefix: str = "") -> SparkColumn:
    """The number that a row adds to a digest, from columns with `prefix` before their names."""
    return hash_number([canonical_text(f"{prefix}{c.name}", c.type) for c in columns], "DECIMAL(20,0)")


def digest_columns(table: Table) -> tuple[Column, ...]:
    """What a table's digest covers: keys, mark of deletion, business columns; no technical ones, no recorded_at."""
    marks = [table.apply_as_deletes] if table.apply_as_deletes else []
    named = dict.fromkeys([*table.keys, *marks, *(c.name for c in table.business_columns)])
    return tuple(table.column(name) for name in named if not name.startswith("_"))
