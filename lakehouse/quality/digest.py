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
from lakehouse.quality.identity import canonical_text, hash_number

LOWER_BITS = 30
"""So many bits of a row's number, half of them, are summed apart from the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """How many rows, and the sum of the first 15 hexadecimal digits of each row's hash."""

    rows: int
    sum: int

    def __str__(self) -> str:
        return f"{self.rows}-{self.sum:x}"


def digest(rows: DataFrame, columns: Sequence[Column]) -> Digest:
    """The digest of rows over the columns given, in their order."""
    row = rows.agg(*digest_parts(columns)).first()
    return digest_of(row if row is not None else (0, None, None))


def digest_parts(columns: Sequence[Column], prefix: str = "") -> list[SparkColumn]:
    """Aggregates that `digest_of` makes a digest of: of all rows, or those with a struct `prefix` that is not NULL.

    The sum is taken as two of BIGINT, the upper and the lower bits of each number: a sum of DECIMAL costs as much
    as the hashes. Both are exact for up to 2^33 rows, and ANSI mode makes an error of more.
    """
    number = hash_number([canonical_text(f"{prefix}.{c.name}" if prefix else c.name, c.type) for c in columns])
    there = F.col(prefix).isNotNull() if prefix else F.lit(True)
    upper, lower = F.shiftright(number, LOWER_BITS), number.bitwiseAND(F.lit((1 << LOWER_BITS) - 1))
    return [F.count_if(there), *(F.sum(F.when(there, part)) for part in (upper, lower))]


def digest_of(parts: Sequence[int | None]) -> Digest:
    """The digest, from the values of `digest_parts`."""
    rows, upper, lower = (int(part or 0) for part in parts)
    return Digest(rows=rows, sum=(upper << LOWER_BITS) + lower)


def digest_columns(table: Table) -> tuple[Column, ...]:
    """What a table's digest covers: keys, mark of deletion, business columns; no technical ones, no recorded_at."""
    marks = [table.apply_as_deletes] if table.apply_as_deletes else []
    named = dict.fromkeys([*table.keys, *marks, *(c.name for c in table.business_columns)])
    return tuple(table.column(name) for name in named if not name.startswith("_"))
