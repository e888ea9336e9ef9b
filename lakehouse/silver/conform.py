"""From a source's text columns to the canonical, typed columns of its target table.

In: rows with one normalised text column per column of the source. Out: the same rows with typed values and
every column of the target's contract. Guaranteed: pure; no row is dropped; a text that cannot be read as its
type becomes NULL and is named in `_unreadable`, never guessed.
"""

from collections.abc import Callable
from importlib import import_module

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract.dates import format_regex
from lakehouse.contract.derive.spark_schema import SPARK_TYPES
from lakehouse.contract.model import Source, SourceColumn, Table
from lakehouse.runtime.errors import UsageError
from lakehouse.silver.identity import canonical_text, content_hash, hash_fields

INTEGER = r"\A[+-]?[0-9]{1,19}\z"
MONEY = r"\A[+-]?0*[0-9]{1,14}(\.[0-9]{1,6}0*)?\z"
"""What fits DECIMAL(20,6) without rounding: 14 digits before the point, 6 that are not zero behind it."""

Transform = Callable[[DataFrame], DataFrame]


def typed(source: Source) -> Transform:
    """Each column as its type; `_missing` and `_unreadable` list the names of columns at fault."""

    def transform(rows: DataFrame) -> DataFrame:
        read = {c.name: _read(source, c) for c in source.columns}
        missing = [F.when(F.col(c.name).isNull(), F.lit(c.name)) for c in source.columns if c.required]
        unreadable = [
            F.when(F.col(c.name).isNotNull() & read[c.name].isNull(), F.lit(c.name))
            for c in source.columns
            if c.type != "text"
        ]
        faults = {"_missing": _names(missing), "_unreadable": _names(unreadable)}
        kept = [F.col(name) for name in rows.columns if name not in read]
        return rows.select(*kept, *(c.alias(n) for n, c in faults.items()), *(c.alias(n) for n, c in read.items()))

    return transform


def canonical(source: Source, table: Table) -> Transform:
    """Every column of the table's contract but `recorded_at`, `is_deleted` and technical ones, which the rows have.

    What the source's own module does not make is NULL. Adds `sale_id`, `source_system` and `_content_hash`.
    """
    to_table = _source_module(source)

    def transform(rows: DataFrame) -> DataFrame:
        keys = [canonical_text(F.col(name), source.column(name).type) for name in source.keys]
        identified = rows.withColumns(
            {"source_system": F.lit(source.name), "sale_id": keys[0] if len(keys) == 1 else hash_fields(keys)}
        )
        made = to_table(identified)
        filled = made.withColumns(
            {
                c.name: (F.col(c.name) if c.name in made.columns else F.lit(None)).cast(SPARK_TYPES[c.type])
                for c in table.business_columns
            }
        )
        return filled.withColumn("_content_hash", content_hash(table.business_columns))

    return transform


def _source_module(source: Source) -> Transform:
    """`to_sales` of `lakehouse.silver.sources.<name>`."""
    name = f"lakehouse.silver.sources.{source.name}"
    try:
        transform: Transform = import_module(name).to_sales
    except (ModuleNotFoundError, AttributeError) as error:
        raise UsageError(
            f"the source {source.name!r} has no transform: write to_sales(rows) in lakehouse/silver/sources/"
            f"{source.name}.py (see docs/how-to/add-a-source.md)"
        ) from error
    return transform


def _names(flags: list[SparkColumn]) -> SparkColumn:
    if not flags:
        return F.array().cast("array<string>")
    return F.filter(F.array(*flags), lambda name: name.isNotNull())


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
