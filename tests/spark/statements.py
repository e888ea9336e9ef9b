"""Statements as a DataFrame that has been judged already: what CSV files cannot say (deletes) reaches silver, too.

Statements of the oracle flow in; rows with the columns of `lakehouse.silver.judge` flow out, and, through the
batch protocol itself, an accounting.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.ledger import Landing
from lakehouse.contract.derive.arrow_schema import arrow_schema
from lakehouse.ops.accounting import CSV, Accounting
from lakehouse.quality.identity import content_hash
from lakehouse.quality.names import NONE
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import lease
from lakehouse.silver.batch import Batch, process
from tests.oracle.silver import Statement
from tests.spark.travels import SALES, rules_of

SOURCE = "superstore"
MADE_LATER = ("_batch_id", "_content_hash")
JUDGEMENT = {
    "_landing_id": (pa.string(), "made-up"),
    "_raw": (pa.string(), None),
    "_raw_bytes": (pa.binary(), None),
    "_blank": (pa.bool_(), False),
    "_normalised": (pa.string(), NONE),
    "_reasons": (pa.string(), NONE),
    "_warnings": (pa.string(), NONE),
    "_holds": (pa.string(), NONE),
}
CONTENT: dict[str, Any] = {
    "order_id": "O-1",
    "order_date": date(2024, 1, 1),
    "city": "Graz",
    "country": "Austria",
    "product_id": "P-1",
    "sales": Decimal("2.50"),
    "quantity": 1,
    "ordered_at": datetime(2024, 1, 1, tzinfo=UTC),
    "is_return": False,
}
"""The least that silver takes of a live line."""


def said(sale_id: str, recorded_at: datetime, *, deletes: bool = False, **content: Any) -> Statement:
    """A statement about a line of `SOURCE`: `CONTENT` with some of its columns told otherwise, or a delete."""
    told = {} if deletes else {**CONTENT, **content}
    return Statement(source_system=SOURCE, sale_id=sale_id, recorded_at=recorded_at, is_deleted=deletes, content=told)


def judged(spark: SparkSession, lake: Lake, statements: Sequence[Statement]) -> DataFrame:
    """The statements as rows that passed every rule, in their order."""
    table = lake.table(SALES)
    own = {"source_system", "sale_id", "recorded_at", "is_deleted"}
    columns: dict[str, pa.Array] = {}
    for field in arrow_schema(table):
        if field.name == "_source_row":
            values: list[Any] = list(range(2, len(statements) + 2))
        elif field.name in own:
            values = [getattr(s, field.name) for s in statements]
        else:
            values = [s.value(field.name) for s in statements]
        if field.name not in MADE_LATER:
            columns[field.name] = pa.array(values, field.type)
    for name, (type_, value) in JUDGEMENT.items():
        columns[name] = pa.array([value] * len(statements), type_)
    rows = spark.createDataFrame(pa.table(columns))
    return rows.withColumn("_content_hash", content_hash(table.business_columns))


def bring(spark: SparkSession, lake: Lake, rows: DataFrame, name: str, source: str = SOURCE) -> Accounting:
    """The batch protocol on judged rows, as one batch under silver's lease."""
    now = datetime.now(UTC)
    landing = Landing(
        source=source, sha256=name, as_of=now, as_of_from="option", file_name=name, size=0, path=name, landed_at=now
    )
    landed = rows.withColumn("_landing_id", F.lit(landing.landing_id))
    with lease(lake.root, SALES) as held:
        batch = Batch(kind=CSV, landing_id=landing.landing_id, rules=rules_of(lake, source))
        return process(spark, lake, batch, landed, held)
