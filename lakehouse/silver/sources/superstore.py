"""Superstore lines: the columns have their canonical names already; a sale is made at 00:00 of its order date."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def to_sales(rows: DataFrame) -> DataFrame:
    """Adds `ordered_at` (UTC midnight of the order date) and `is_return` (quantity below zero)."""
    return rows.withColumns(
        {"ordered_at": F.col("order_date").cast("timestamp"), "is_return": F.col("quantity") < 0}
    )
