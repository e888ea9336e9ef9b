"""Silver from nothing: the greatest statement of every key, of all that bronze has kept.

In: landings. Out: the rows silver must hold, with the columns of its digest. Guaranteed: independent of the
MERGE, of batches and of their order; this is what `lakehouse verify --rebuild` compares the live table with.
"""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.ledger import Landing
from lakehouse.quality.checks import Rules
from lakehouse.quality.names import any_name
from lakehouse.runtime.lake import Lake
from lakehouse.silver.judge import judged_rows
from lakehouse.silver.order import KEYS, rank


def rebuilt(spark: SparkSession, lake: Lake, landings: Sequence[Landing]) -> DataFrame:
    """The winning statement of each key; `landings` must hold at least one."""
    parts = []
    for source in sorted({landing.source for landing in landings}):
        feed = lake.source(source)
        rules = Rules(source=feed, table=lake.table(feed.table), calendar=lake.settings.calendar)
        rows = judged_rows(spark, lake, rules, [one for one in landings if one.source == source])
        statements = rows.where(~F.col("_blank") & ~any_name(F.col("_reasons")))
        content = F.struct(*(c.name for c in rules.table.business_columns), "is_deleted", "recorded_at")
        parts.append(statements.groupBy(*KEYS).agg(F.max_by(content, rank()).alias("content")))
    return reduce(DataFrame.unionByName, parts).select(*KEYS, "content.*")
