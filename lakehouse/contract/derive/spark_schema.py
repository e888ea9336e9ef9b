"""Contract → Spark schema, as a DDL string that Spark parses: no pyspark is needed to derive it."""

from collections.abc import Iterable

from lakehouse.contract.model import Column

SPARK_TYPES = {
    "text": "STRING",
    "integer": "BIGINT",
    "money": "DECIMAL(20,6)",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
    "binary": "BINARY",
    "texts": "ARRAY<STRING>",
    "counts": "MAP<STRING,BIGINT>",
    "named_texts": "MAP<STRING,STRING>",
    "headers": "ARRAY<STRUCT<key: STRING, value: BINARY>>",
}
"""Spark's name for each type of a contract."""


def spark_schema(columns: Iterable[Column]) -> str:
    """`sale_id STRING, quantity BIGINT, …` for the columns given, in their order, all of them nullable."""
    return ", ".join(f"`{c.name}` {SPARK_TYPES[c.type]}" for c in columns)
