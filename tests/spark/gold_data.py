"""Small silver tables for gold's tests: batches of statements, as a MERGE of a landing would bring them."""

import shutil
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.contract.derive.spark_schema import spark_schema
from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.release import GOLD_TABLES, Release, newest, read_table
from lakehouse.quality.digest import digest, digest_columns
from lakehouse.runtime.delta import create_table, signed
from lakehouse.runtime.lake import Lake, in_folder, open_lake
from lakehouse.silver import SALES

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)


def lake_at(path: Path) -> Lake:
    return in_folder(open_lake("local"), str(path))


def line(sale_id: str, day: str, **told: Any) -> dict[str, Any]:
    """A live Superstore line; `told` overrules."""
    on = date.fromisoformat(day)
    return {
        "source_system": "superstore",
        "sale_id": sale_id,
        "row_id": sale_id,
        "order_id": f"o{sale_id}",
        "order_date": on,
        "ordered_at": datetime.combine(on, time(), UTC),
        "ship_date": on,
        "customer_id": "c1",
        "customer_name": "Ann",
        "segment": "Consumer",
        "country": "Germany",
        "state": "Berlin",
        "city": "Berlin",
        "market": "EU",
        "region": "Central",
        "product_id": "p1",
        "product_name": "Pen",
        "category": "Office Supplies",
        "sub_category": "Art",
        "sales": Decimal("10.00"),
        "quantity": 2,
        "discount": Decimal("0.1"),
        "profit": Decimal("-1.5"),
        "shipping_cost": Decimal("2"),
        "is_return": False,
        "is_deleted": False,
        **told,
    }


def retail(sale_id: str, moment: str, **told: Any) -> dict[str, Any]:
    """A live Online Retail line."""
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    gone = ("row_id", "ship_date", "customer_name", "segment", "state", "city", "market", "region")
    gone += ("category", "sub_category", "discount", "profit", "shipping_cost")
    own = {"source_system": "online_retail", "order_date": at.date(), "ordered_at": at, "country": "France"}
    return line(sale_id, "2024-01-01", **{**dict.fromkeys(gone), **own, "unit_price": Decimal("5"), **told})


def deleted(sale_id: str, source: str = "superstore") -> dict[str, Any]:
    """A tombstone."""
    return {"source_system": source, "sale_id": sale_id, "is_deleted": True}


def arrive(spark: SparkSession, lake: Lake, batch_id: str, *statements: dict[str, Any]) -> None:
    """One batch into silver, in one MERGE that carries its id."""
    table = lake.table(SALES)
    create_table(spark, lake, table)
    technical = {"recorded_at": AS_OF, "_batch_id": batch_id, "_content_hash": batch_id}
    rows = [tuple({**one, **technical}.get(c.name) for c in table.columns) for one in statements]
    comes = spark.createDataFrame(rows, spark_schema(table.columns)).alias("s")
    same = "t.source_system = s.source_system AND t.sale_id = s.sale_id"
    with signed(spark, batch_id):
        into = DeltaTable.forPath(spark, lake.location(SALES)).alias("t").merge(comes, same)
        into.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()


def removed(spark: SparkSession, lake: Lake, *sale_ids: str) -> None:
    """Lines that are physically gone, as a withdrawal leaves them."""
    names = ", ".join(f"'{one}'" for one in sale_ids)
    DeltaTable.forPath(spark, lake.location(SALES)).delete(f"sale_id IN ({names})")


def in_namespace(name: str, statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The statements with keys of their own: so that many stories share a build and none meets another."""
    told = []
    for one in statements:
        own = {key: f"{name}/{one[key]}" for key in ("sale_id", "customer_id", "product_id", "country") if one.get(key)}
        told.append({**one, **own})
    return told


def counted_digests(spark: SparkSession, lake: Lake, release: Release) -> dict[str, str]:
    """The digest of each table of a release, counted anew: a release carries them on from the one before."""
    return {
        name: str(digest(read_table(spark, lake, release, name), digest_columns(lake.table(name))))
        for name in GOLD_TABLES
    }


def digests(spark: SparkSession, lake: Lake) -> dict[str, str]:
    """The digest of each table of the newest release, counted anew."""
    return counted_digests(spark, lake, newest(lake))


def from_nothing(spark: SparkSession, lake: Lake, path: Path) -> dict[str, str]:
    """The digests of gold built from the same silver, beside."""
    shutil.copytree(f"{lake.root}/silver", path / "silver")
    beside = in_folder(lake, str(path))
    release = bring_to_gold(spark, beside)
    assert release.kind == "full"
    return release.digests


FIRST = [
    line("1", "2024-01-01"),
    line("2", "2024-01-10", segment="Corporate"),
    line("3", "2024-01-20", customer_id="c2", customer_name="Bob", product_id="p2", product_name=None),
    line("4", "2024-01-20", customer_id="c1", segment="Corporate", ship_date=None),
    retail("a", "2024-01-05T08:26"),
    retail("b", "2024-01-06T09:00", customer_id=None, product_id="POST", product_name="POSTAGE"),
]
CHANGE = [line("5", "2024-01-15", segment="Home Office"), deleted("3"), line("6", "2024-02-01", region="North")]
