"""Contract → Arrow schema, for the small tables that are written without Spark."""

import pyarrow as pa

from lakehouse.contract.derive.delta_table import is_never_null
from lakehouse.contract.model import Table

ARROW_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "money": pa.decimal128(20, 6),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
    "texts": pa.list_(pa.string()),
    "counts": pa.map_(pa.string(), pa.int64()),
    "named_texts": pa.map_(pa.string(), pa.string()),
    "headers": pa.list_(pa.struct([("key", pa.string()), ("value", pa.binary())])),
}
"""Arrow's type for each type of a contract."""


def arrow_schema(table: Table) -> pa.Schema:
    """The columns of the table with their types, NOT NULL and comments."""
    return pa.schema(
        pa.field(
            c.name,
            ARROW_TYPES[c.type],
            nullable=not is_never_null(table, c),
            metadata={"comment": c.description},
        )
        for c in table.columns
    )
