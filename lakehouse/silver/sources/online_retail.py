"""Online Retail invoice lines: an invoice is an order, a stock code a product, and the amount is price times units."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def to_sales(rows: DataFrame) -> DataFrame:
    """Canonical columns from the eight of the file; `sales` = quantity x unit_price, NULL where it does not fit."""
    return rows.withColumns(
        {
            "order_id": F.col("invoice_no"),
            "product_id": F.col("stock_code"),
            "product_name": F.col("description"),
            "ordered_at": F.col("invoice_date"),
            "order_date": F.col("invoice_date").cast("date"),
            "sales": F.try_multiply(F.col("quantity").try_cast("decimal(17,0)"), F.col("unit_price")).try_cast(
                "decimal(20,6)"
            ),
            "is_return": F.col("quantity") < 0,
        }
    )
