"""Delta itself refuses what the contract forbids of a live line, whoever writes; tombstones pass."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contract.derive.delta_table import check_constraints
from lakehouse.runtime.delta import create_table
from lakehouse.runtime.lake import Lake, open_lake
from tests.spark.statements import CONTENT, judged, said
from tests.spark.travels import SALES, lake_at, sales

NOW = datetime(2024, 5, 1, tzinfo=UTC)

BAD: dict[str, dict[str, Any]] = {
    "order_id_required": {"order_id": None},
    "order_date_required": {"order_date": None},
    "country_required": {"country": None},
    "product_id_required": {"product_id": None},
    "sales_required": {"sales": None},
    "quantity_required": {"quantity": None},
    "ordered_at_required": {"ordered_at": None},
    "is_return_required": {"is_return": None},
    "quantity_not_zero": {"quantity": 0},
    "discount_is_a_share": {"discount": Decimal("1.01")},
    "sales_not_negative": {"sales": Decimal("-0.01")},
    "unit_price_not_negative": {"unit_price": Decimal(-1)},
    "ship_date_not_before_order_date": {"ship_date": date(2023, 12, 31)},
    "order_date_not_in_future": {"order_date": date(2024, 5, 3)},
}


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """One empty silver for all tests here: what is refused leaves nothing behind."""
    made = lake_at(tmp_path_factory.mktemp("home"), open_lake("local"))
    create_table(spark, made, made.table(SALES))
    return made


def append(lake: Lake, rows: DataFrame) -> None:
    columns = [c.name for c in lake.table(SALES).columns]
    rows.withColumn("_batch_id", F.lit("by hand")).select(*columns).write.format("delta").mode("append").save(
        lake.location(SALES)
    )


def test_every_constraint_of_the_contract_has_a_row_here_that_breaks_it(lake: Lake) -> None:
    assert set(BAD) == set(check_constraints(lake.table(SALES)))


@pytest.mark.parametrize("constraint", BAD)
def test_a_live_line_that_breaks_a_rule_is_refused(spark: SparkSession, lake: Lake, constraint: str) -> None:
    bad = judged(spark, lake, [said("1", NOW, **BAD[constraint])])
    with pytest.raises(Exception, match=rf"(?i)constraint {constraint}\b"):
        append(lake, bad)
    assert sales(spark, lake).isEmpty()


@pytest.mark.parametrize("column", ["source_system", "sale_id", "recorded_at", "is_deleted", "_content_hash"])
def test_what_every_row_needs_is_refused_as_null(spark: SparkSession, lake: Lake, column: str) -> None:
    rows = judged(spark, lake, [said("1", NOW)])
    with pytest.raises(Exception, match=rf"(?i)not null.*{column}\b"):
        append(lake, rows.withColumn(column, F.lit(None).cast(rows.schema[column].dataType)))
    assert sales(spark, lake).isEmpty()


def test_tombstones_returns_and_null_in_optional_columns_pass(spark: SparkSession, lake: Lake, tmp_path) -> None:
    own = lake_at(tmp_path, lake)
    create_table(spark, own, own.table(SALES))
    returned = said("3", NOW, quantity=-1, sales=Decimal("-2.50"), is_return=True)
    optional = {c.name for c in own.table(SALES).business_columns} - set(CONTENT)
    assert {"ship_date", "discount", "unit_price", "customer_id"} <= optional
    full = replace(returned, sale_id="4", content={**returned.content, "discount": Decimal(1), "ship_date": date.max})
    append(own, judged(spark, own, [said("1", NOW, deletes=True), said("2", NOW), returned, full]))
    assert sales(spark, own).count() == 4
