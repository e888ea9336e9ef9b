"""`gold.fact_sales`: every live sale line once, pointing at the versions valid when the sale was made.

In: live sale lines and dimensions. Out: rows of the contract. Guaranteed: pure; a line without a customer points
at the member -1; a line that no version covers gets -1 too, which the table's constraints refuse but for guests.
"""

from collections.abc import Mapping

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract.model import Table
from lakehouse.gold.calendar import date_sk
from lakehouse.gold.dimensions import Dimension
from lakehouse.gold.keys import UNKNOWN
from lakehouse.gold.observations import key_of

MEASURES = ("sales", "quantity", "discount", "profit", "shipping_cost")
"""What may be summed over facts."""


def live_lines(sales: DataFrame) -> DataFrame:
    """The rows of silver that are no tombstones."""
    return sales.where(~F.col("is_deleted"))


def pointed(rows: DataFrame, dimension: Dimension, versions: DataFrame, key: SparkColumn) -> DataFrame:
    """Adds `_<name>_sk`: the surrogate key of the version that covers the row's `ordered_at`; NULL where none does.

    Args:
        rows: with `source_system` and `ordered_at`.
        versions: rows of the dimension; at most one may cover a row.
        key: the natural key of a row.
    """
    there = versions.select(
        F.col("source_system").alias("_source"),
        F.col(dimension.id).alias("_key"),
        F.col("valid_from").alias("_from"),
        F.col("valid_to").alias("_to"),
        F.col(dimension.sk).alias(f"_{dimension.sk}"),
    )
    covers = (F.col("ordered_at") >= F.col("_from")) & (F.col("ordered_at") < F.col("_to"))
    same = (F.col("source_system") == F.col("_source")) & (key == F.col("_key"))
    return rows.join(there, same & covers, "left").drop("_source", "_key", "_from", "_to")


def fact_rows(lines: DataFrame, table: Table, versions: Mapping[Dimension, DataFrame]) -> DataFrame:
    """The fact of each live line, with the dimensions' rows given."""
    rows = lines
    for dimension, there in versions.items():
        rows = pointed(rows, dimension, there, key_of(dimension))
    made = {d.sk: F.coalesce(F.col(f"_{d.sk}"), F.lit(UNKNOWN).cast("bigint")) for d in versions}
    made |= {"order_date_sk": date_sk(F.col("order_date")), "ship_date_sk": date_sk(F.col("ship_date"))}
    return rows.select(*(made.get(c.name, F.col(c.name)).alias(c.name) for c in table.columns))
