"""Gold end to end on small silver tables: facts point at the right versions, and what is not gold is never released."""

import shutil
from dataclasses import replace
from datetime import datetime

import pytest
from pyspark.sql import functions as F

from lakehouse.contract.derive.delta_table import check_constraints
from lakehouse.contract.model import Column
from lakehouse.errors import JobError
from lakehouse.gold import keys
from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.pending import is_pending
from lakehouse.gold.release import GOLD_TABLES, newest, read_table
from lakehouse.quality.identity import hash_number
from tests.spark.gold_data import CHANGE, FIRST, arrive, digests, from_nothing, lake_at, line

pytestmark = pytest.mark.spark


def names_at(spark, lake, entity, attribute):
    """sale_id -> the attribute of the version its fact points at."""
    release = newest(lake)
    facts = read_table(spark, lake, release, "gold.fact_sales")
    rows = read_table(spark, lake, release, f"gold.dim_{entity}")
    joined = facts.join(rows, f"{entity}_sk", "left")
    return {row["sale_id"]: row[attribute] for row in joined.select("sale_id", attribute).collect()}


def test_facts_point_at_the_versions_valid_when_the_sale_was_made(spark, tmp_path):
    lake = lake_at(tmp_path)
    arrive(spark, lake, "b1", *FIRST)
    release = bring_to_gold(spark, lake)
    assert (release.number, release.kind, release.status) == (1, "full", "complete")
    assert release.row_counts["gold.fact_sales"] == 6
    assert release.digests == digests(spark, lake)
    segments = names_at(spark, lake, "customer", "segment")
    assert segments == {"1": "Consumer", "2": "Corporate", "3": "Consumer", "4": "Corporate", "a": None, "b": None}
    assert names_at(spark, lake, "customer", "customer_id")["b"] == "GUEST"
    assert names_at(spark, lake, "customer", "country") == {**dict.fromkeys("1234b"), "a": "France"}
    assert names_at(spark, lake, "product", "is_merchandise") == {**dict.fromkeys("1234a", True), "b": False}
    stores = names_at(spark, lake, "store", "store_id")
    assert stores == {**dict.fromkeys("1234", "Germany|Berlin|Berlin"), **dict.fromkeys("ab", "France")}
    facts = {row["sale_id"]: row for row in read_table(spark, lake, release, "gold.fact_sales").collect()}
    assert (facts["4"]["order_date_sk"], facts["4"]["ship_date_sk"]) == (20240120, -2)
    assert bring_to_gold(spark, lake) == newest(lake) == release
    for table in map(lake.table, GOLD_TABLES):
        assert layout_of(spark, lake, table.name) == (constraints_of(table), table.cluster_by)


def test_colliding_surrogate_keys_refuse_the_release_and_are_named(spark, tmp_path, monkeypatch):
    lake = lake_at(tmp_path)
    arrive(spark, lake, "b1", line("1", "2024-01-01"))
    first = bring_to_gold(spark, lake)
    monkeypatch.setattr(keys, "hash_number", lambda *told: hash_number(*told).bitwiseAND(F.lit(15)))
    many = [line(str(n), "2024-01-02", customer_id=f"c{n}") for n in range(100, 140)]
    arrive(spark, lake, "b2", *many)
    with pytest.raises(JobError, match=r"surrogate keys of gold.dim_customer collide .*superstore c1\d\d 1900-01-01"):
        bring_to_gold(spark, lake)
    assert newest(lake) == first
    monkeypatch.undo()
    assert bring_to_gold(spark, lake).number == 2


def test_rows_that_nobody_released_or_a_table_that_is_gone_lead_to_a_build_from_nothing(spark, tmp_path):
    lake = lake_at(tmp_path)
    arrive(spark, lake, "b1", *FIRST)
    first = bring_to_gold(spark, lake)
    spark.sql(f"DELETE FROM delta.`{lake.location('gold.fact_sales')}` WHERE sale_id = '1'")
    second = bring_to_gold(spark, lake)
    assert (second.kind, second.digests) == ("full", first.digests)
    assert second.digests == digests(spark, lake)
    shutil.rmtree(lake.location("gold.dim_store"))  # so a table that has lost a file is brought back
    assert is_pending(lake)
    third = bring_to_gold(spark, lake)
    assert (third.kind, third.digests) == ("full", first.digests)
    assert third.digests == digests(spark, lake)


def test_other_rules_lead_to_a_build_from_nothing(spark, tmp_path):
    lake = lake_at(tmp_path)
    arrive(spark, lake, "b1", *FIRST)
    bring_to_gold(spark, lake)
    calendar = lake.settings.calendar.model_copy(update={"fiscal_year_start_month": 4})
    other = replace(lake, settings=lake.settings.model_copy(update={"calendar": calendar}))
    second = bring_to_gold(spark, other)
    assert second.kind == "full"
    days = read_table(spark, lake, second, "gold.dim_date").where("date_sk IN (20240331, 20240401)").orderBy("date_sk")
    assert [(row["fiscal_year"], row["fiscal_month"]) for row in days.collect()] == [(2024, 12), (2025, 1)]


def test_another_contract_leads_to_a_build_from_nothing_and_older_releases_stay(spark, tmp_path):
    lake = lake_at(tmp_path)
    arrive(spark, lake, "b1", *FIRST)
    first = bring_to_gold(spark, lake)
    table = lake.table("gold.dim_store")
    column = Column(name="postal_code", type="text", description="The last one known.")
    first_rule, *rules = table.expectations
    wider = replace(
        table,
        columns=(*table.columns, column),
        track_history=(*table.track_history, "postal_code"),
        expectations=(replace(first_rule, arguments={"condition": "valid_from <= valid_to"}), *rules),
    )
    tables = {**lake.catalog.tables, table.name: wider}
    other = replace(lake, catalog=replace(lake.catalog, tables=tables))
    second = bring_to_gold(spark, other)
    assert second.kind == "full"
    assert second.digests == digests(spark, other) == from_nothing(spark, other, tmp_path / "beside")
    assert "postal_code" in read_table(spark, other, second, "gold.dim_store").columns
    assert "postal_code" not in read_table(spark, other, first, "gold.dim_store").columns
    constraints, clustering = layout_of(spark, other, "gold.dim_store")
    assert clustering == wider.cluster_by
    assert constraints == constraints_of(wider)
    arrive(spark, other, "b2", *CHANGE)
    assert bring_to_gold(spark, other).kind == "step"


def layout_of(spark, lake, table):
    row = spark.sql(f"DESCRIBE DETAIL delta.`{lake.location(table)}`").first()
    prefix = "delta.constraints."
    constraints = {k.removeprefix(prefix): bare(v) for k, v in row["properties"].items() if k.startswith(prefix)}
    return constraints, tuple(row["clusteringColumns"])


def bare(condition):
    return condition.replace(" ", "")


def constraints_of(table):
    return {name: bare(condition) for name, condition in check_constraints(table).items()}


def test_the_calendar_knows_iso_weeks_and_its_members(spark, tmp_path):
    lake = lake_at(tmp_path)
    arrive(spark, lake, "b1", *FIRST)
    rows = {
        row["date_sk"]: row for row in read_table(spark, lake, bring_to_gold(spark, lake), "gold.dim_date").collect()
    }
    assert len(rows) == 2 + (datetime(2050, 1, 1) - datetime(1990, 1, 1)).days
    day = rows[20210103]
    assert (day["iso_year"], day["iso_week"], day["weekday"], day["weekday_name"]) == (2020, 53, 7, "Sunday")
    assert (day["is_weekend"], day["fiscal_year"], day["quarter"], day["label"]) == (True, 2021, 1, "2021-01-03")
    assert (rows[-1]["label"], rows[-2]["label"], rows[-1]["year"]) == ("unknown", "not applicable", None)
