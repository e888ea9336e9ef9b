"""`audit tables` over what Spark has written: marks of deletion, rewritten files, checkpoints; all of it is known."""

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.care.audit_tables import audit, clean
from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.release import GOLD_TABLES
from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake
from lakehouse.sample import write_sample
from lakehouse.silver import SALES
from tests.spark.travels import travel

pytestmark = [pytest.mark.usefixtures("large"), pytest.mark.timeout(600)]


def versions(spark: SparkSession, lake: Lake, table: str) -> list[list[Any]]:
    """The rows of each version."""
    newest = tables.version(lake, table)
    assert newest is not None
    read = (spark.read.format("delta").option("versionAsOf", number) for number in range(newest + 1))
    return [sorted(map(str, one.load(lake.location(table)).collect())) for one in read]


def stray_beside(lake: Lake, table: str) -> Path:
    path = Path(lake.location(table), "part-00000-0.snappy.parquet")
    path.write_bytes(b"what a killed task leaves")
    return path


def test_each_version_can_be_read_after_a_clean(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    for file in write_sample(tmp_path / "files", rows=300, days=3):
        travel(spark, lake, "superstore", [file.path], as_of=file.as_of)
        bring_to_gold(spark, lake)
    silver = Path(lake.location(SALES))
    assert [*silver.rglob("*.bin")] != [], "rows are marked as deleted"
    found = audit(lake)
    assert (found.ok, found.unknown) == (True, ())
    assert {one.table for one in found.tables} >= {SALES, *GOLD_TABLES}
    spark.sql(f"ALTER TABLE delta.`{silver}` SET TBLPROPERTIES ('delta.checkpointInterval' = '1')")
    spark.sql(f"REORG TABLE delta.`{silver}` APPLY (PURGE)")
    spark.sql(f"OPTIMIZE delta.`{lake.location('gold.fact_sales')}`")
    assert audit(lake).unknown == ()
    before = {table: versions(spark, lake, table) for table in (SALES, "gold.fact_sales")}
    strays = [stray_beside(lake, table) for table in (SALES, "gold.fact_sales")]
    assert len(clean(lake, audit(lake).unknown)) == len(strays)
    assert not any(path.exists() for path in strays)
    assert {table: versions(spark, lake, table) for table in before} == before
    newest = max((silver / "_delta_log").glob("*.checkpoint*.parquet"))
    for commit in (silver / "_delta_log").glob("*.json"):
        if commit.stem.isdigit() and commit.stem < newest.name.split(".")[0]:
            commit.unlink()
    assert audit(lake).unknown == (), "the checkpoint names what was removed, and its marks"
