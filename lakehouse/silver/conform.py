"""From a source's text columns to the canonical, typed columns of its target table.

In: rows with one normalised text column per column of the source, and `is_deleted`. Out: the same rows with typed
values and every column of the target's contract. Guaranteed: pure; no row is dropped; a text that cannot be read as its
type becomes NULL and is named in `_faults`, never guessed.
"""

from collections.abc import Callable
from importlib import import_module

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract.dates import format_regex
from lakehouse.contract.derive.spark_schema import SPARK_TYPES
from lakehouse.contract.model import Source, SourceColumn, Table
from lakehouse.errors import UsageError
from lakehouse.quality.identity import canonical_text, content_hash, hash_fields
from lakehouse.quality.names import names_where
from lakehouse.silver.sources import transform_path

INTEGER = r"\A[+-]?[0-9]{1,19}\z"
MONEY = r"\A[+-]?0*[0-9]{1,14}(\.[0-9]{1,6}0*)?\z"
"""What fits DECIMAL(20,6) without rounding: 14 digits before the point, 6 that are not zero behind it."""

Transform = Callable[[DataFrame], DataFrame]


def typed(source: Source) -> Transform:
    """Each column as its type; `_faults` names what is at fault: `<column>_missing`, `<column>_unreadable`."""

    def transform(rows: DataFrame) -> DataFrame:
        read = {c.name: _read(source, c) for c in source.columns}
        kept = [F.col(name) for name in rows.columns if name not in read]
        typed_rows = rows.select(
            *kept,
            *(F.col(c.name).alias(_text_of(c)) for c in source.columns if c.type != "text"),
            *(column.alias(name) for name, column in read.items()),
        )
        lives = ~F.col("is_deleted")
        missing = {
            f"{c.name}_missing": F.col(_text_of(c)).isNull() & (F.lit(True) if c.name in source.keys else lives)
            for c in source.columns
            if c.required
        }
        unreadable = {
            f"{c.name}_unreadable": F.col(_text_of(c)).isNotNull() & F.col(c.name).isNull()
            for c in source.columns
            if c.type != "text"
        }
        faulty = typed_rows.withColumn("_faults", names_where(missing | unreadable))
        return faulty.drop(*(_TEXT + name for name in read))

    return transform


_TEXT = "_text_"
"""Prefix of a column's text while its typed value is already there: both are needed to name faults."""


def _text_of(column: SourceColumn) -> str:
    return column.name if column.type == "text" else _TEXT + column.name


def canonical(source: Source, table: Table) -> Transform:
    """Every column of the table's contract but `recorded_at`, `is_deleted` and technical ones, which the rows have.

    What the source's own module does not make is NULL. Adds `sale_id` and `source_system`.
    """
    to_table = _source_module(source)

    def transform(rows: DataFrame) -> DataFrame:
        keys = [canonical_text(name, source.column(name).type) for name in source.keys]
        identified = rows.withColumns(
            {"source_system": F.lit(source.name), "sale_id": F.expr(keys[0] if len(keys) == 1 else hash_fields(keys))}
        )
        made = to_table(identified)
        return made.withColumns(
            {
                c.name: (F.col(c.name) if c.name in made.columns else F.lit(None)).cast(SPARK_TYPES[c.type])
                for c in table.business_columns
            }
        )

    return transform


def stated(table: Table) -> Transform:
    """What each row states: a delete nothing but its key. Adds `_content_hash`."""

    def transform(rows: DataFrame) -> DataFrame:
        lives = ~F.col("is_deleted")
        told = rows.withColumns({c.name: F.when(lives, F.col(c.name)) for c in table.business_columns})
        return told.withColumn("_content_hash", content_hash(table.business_columns))

    return transform


def _source_module(source: Source) -> Transform:
    """`to_sales` of the source's own module."""
    name = transform_path(source)
    try:
        transform: Transform = import_module(name).to_sales
    except AttributeError as error:
        raise UsageError(f"{name} has no function to_sales(rows): see docs/how-to/add-a-source.md") from error
    return transform


def _read(source: Source, column: SourceColumn) -> SparkColumn:
    text = F.col(column.name)
    if column.type == "text":
        return text
    if column.type in ("integer", "money"):
        plain = _plain_number(text, source)
        pattern = INTEGER if column.type == "integer" else MONEY
        return F.when(plain.rlike(pattern), plain).try_cast(SPARK_TYPES[column.type])
    instants = [
        F.when(text.rlike(rf"\A{format_regex(fmt)}\z"), F.try_to_timestamp(text, F.lit(fmt)))
        for fmt in source.date_formats
    ]
    return F.coalesce(*instants).cast(SPARK_TYPES[column.type])


def _plain_number(text: SparkColumn, source: Source) -> SparkColumn:
    """The number with a point for its decimals; NULL where groups of thousands are not where they belong."""
    if source.decimal == "." and source.thousands is None:
        return text
    point = F.lit(source.decimal)
    if source.thousands is None:
        bare = F.when(~text.contains("."), text)
    else:
        group, mark = f"[{source.thousands}]", f"[{source.decimal}]"
        grouped = rf"\A[+-]?([0-9]+|[0-9]{{1,3}}({group}[0-9]{{3}})+)({mark}[0-9]+)?\z"
        bare = F.when(text.rlike(grouped), F.replace(text, F.lit(source.thousands), F.lit("")))
    return F.replace(bare, point, F.lit("."))
