"""What Spark's source gives, as rows of `bronze.sales_events`. Pure.

In: the columns of Spark's source for Kafka. Out: the columns of the contract, in their order. Guaranteed: key, value
and headers are the bytes that came; what had landed when this life of the query began is left out.
"""

from collections.abc import Mapping
from datetime import date, datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def landed_rows(messages: DataFrame, batch_id: str, day: date, now: datetime, begin: Mapping[int, int]) -> DataFrame:
    """The messages of a micro-batch as they land.

    Args:
        begin: the first offset to land, by partition; all of a partition that is not among them.
    """
    return messages.where(F.col("offset") >= _first_offset(begin)).select(
        "topic",
        F.col("partition").cast("bigint").alias("partition"),
        "offset",
        "timestamp",
        "key",
        "value",
        "headers",
        F.lit(day).alias("landing_day"),
        F.lit(now).alias("landed_at"),
        F.lit(batch_id).alias("_batch_id"),
    )


def _first_offset(begin: Mapping[int, int]) -> Column:
    """Looked up by place: a map would be searched for each row."""
    offsets = [begin.get(number, 0) for number in range(max(begin, default=-1) + 1)] or [0]
    return F.coalesce(
        F.get(F.array(*(F.lit(offset).cast("bigint") for offset in offsets)), F.col("partition")), F.lit(0)
    )
