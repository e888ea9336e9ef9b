"""The scenario folders of gold: each sale, after all batches, points at versions with the values written down.

A folder has README.md, `1_lines.csv`, `2_lines.csv` … (Superstore lines with what matters; a line without a day is
deleted) and `expect.csv`. All folders share one lakehouse, each under keys of its own, one build a batch.
"""

import csv
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from lakehouse.gold.dimensions import dimensions
from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.release import read_table
from tests.spark.gold_data import arrive, deleted, in_namespace, lake_at, line

FOLDERS = sorted(folder for folder in (Path(__file__).parent.parent / "scenarios/gold").iterdir() if folder.is_dir())


def read(file):
    with file.open(newline="", encoding="utf-8") as opened:
        return [{name: value or None for name, value in row.items()} for row in csv.DictReader(opened, strict=True)]


def statement(row):
    told = {name: value for name, value in row.items() if name not in ("sale_id", "day")}
    return line(row["sale_id"], row["day"], **told) if row["day"] else deleted(row["sale_id"])


@pytest.fixture(scope="module")
def pointed_at(spark, tmp_path_factory):
    """sale_id -> the attributes of the versions its fact points at."""
    lake = lake_at(tmp_path_factory.mktemp("scenarios"))
    for number in range(1, 1 + max(len(list(folder.glob("*_lines.csv"))) for folder in FOLDERS)):
        files = [(folder.name, folder / f"{number}_lines.csv") for folder in FOLDERS]
        there = [(name, [statement(row) for row in read(file)]) for name, file in files if file.exists()]
        arrive(spark, lake, f"b{number}", *(one for name, told in there for one in in_namespace(name, told)))
        release = bring_to_gold(spark, lake)
    rows = read_table(spark, lake, release, "gold.fact_sales").select("sale_id", *(d.sk for d in dimensions(lake)))
    for dimension in dimensions(lake):
        told = F.struct(*dimension.table.track_history).alias(dimension.name)
        versions = read_table(spark, lake, release, dimension.table.name).select(dimension.sk, told)
        rows = rows.join(versions, dimension.sk)
    return {row["sale_id"]: {k: v for d in row[4:] for k, v in d.asDict().items()} for row in ordered(rows).collect()}


def ordered(rows):
    keys = ["sale_id", *(name for name in rows.columns if name.endswith("_sk"))]
    return rows.select(*keys, *(name for name in rows.columns if name not in keys))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_sale_points_at_the_versions_written_down(pointed_at, folder):
    expected = {f"{folder.name}/{row.pop('sale_id')}": row for row in read(folder / "expect.csv")}
    found = {name: told for name, told in pointed_at.items() if name.startswith(f"{folder.name}/")}
    assert {name: {k: told[k] for k in expected.get(name, told)} for name, told in found.items()} == expected
