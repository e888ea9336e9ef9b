"""Silver from nothing: the greatest statement of every key, of all that bronze has kept.

In: landings, and rows whose raw files have expired. Out: the rows silver must hold, with the columns of its digest.
Guaranteed: independent of the MERGE, of batches and of their order; this is what `lakehouse verify --rebuild` compares
the live table with.
"""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze import EVENTS
from lakehouse.bronze.ledger import Landing
from lakehouse.contract.model import Column
from lakehouse.quality.checks import rules_of_events, rules_of_files
from lakehouse.quality.names import any_name
from lakehouse.runtime.lake import Lake
from lakehouse.silver import SALES
from lakehouse.silver.classify import current_hash
from lakehouse.silver.judge import judged_events, judged_rows
from lakehouse.silver.messages import Known
from lakehouse.silver.order import KEYS, rank


def rebuilt(
    spark: SparkSession,
    lake: Lake,
    landings: Sequence[Landing],
    messages: Sequence[Known] = (),
    standing: DataFrame | None = None,
) -> DataFrame:
    """The winning statement of each key.

    Args:
        landings: whose files are kept; there is at least one, or `messages`, or `standing`.
        messages: those that silver knows.
        standing: rows of silver whose files, or messages, have expired: they count as what those said.
    """
    statements = [_accepted(spark, lake, source, landings) for source in sorted({one.source for one in landings})]
    statements += [_accepted_messages(spark, lake, known) for known in messages]
    business = lake.table(SALES).business_columns
    told = [one.select(*KEYS, *_said(business, rank())) for one in statements]
    if standing is not None:
        told.append(standing.select(*KEYS, *_said(business, rank(content_hash=current_hash(business)))))
    every = reduce(DataFrame.unionByName, told)
    return every.groupBy(*KEYS).agg(F.max_by("content", "rank").alias("content")).select(*KEYS, "content.*")


def _accepted(spark: SparkSession, lake: Lake, source: str, landings: Sequence[Landing]) -> DataFrame:
    """The statements of a source's landings that today's rules let pass."""
    of_source = [one for one in landings if one.source == source]
    return _passing(judged_rows(spark, lake, rules_of_files(lake, source), of_source))


def _accepted_messages(spark: SparkSession, lake: Lake, known: Known) -> DataFrame:
    """The statements of messages that today's rules let pass."""
    rules = rules_of_events(lake, lake.table(EVENTS))
    return _passing(judged_events(spark, lake, rules, known.spans, known.held))


def _passing(rows: DataFrame) -> DataFrame:
    return rows.where(~F.col("_blank") & ~any_name(F.col("_reasons")))


def _said(business: Sequence[Column], order: SparkColumn) -> tuple[SparkColumn, SparkColumn]:
    """What a statement says, and its place in the order."""
    return F.struct(*(c.name for c in business), "is_deleted", "recorded_at").alias("content"), order.alias("rank")
