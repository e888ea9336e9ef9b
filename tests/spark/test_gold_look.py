"""Gold looked at: the promises checked, the history of a key, releases and what differs between two."""

import time
from datetime import datetime
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from lakehouse.errors import UsageError
from lakehouse.gold.dimensions import dimensions
from lakehouse.gold.history import history
from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.release import newest, read_table
from lakehouse.gold.releases import difference, listing
from lakehouse.gold.verify import gold_findings, true_intervals
from tests.spark.gold_data import arrive, deleted, lake_at, line, retail

FIRST = [line(str(n), f"2024-01-{n:02}", segment="Consumer" if n < 5 else "Corporate") for n in range(1, 9)]
FIRST += [retail("a", "2024-01-05T08:26"), retail("b", "2024-01-06T09:00", customer_id=None)]


@pytest.fixture(scope="module")
def two_releases(spark, tmp_path_factory):
    lake = lake_at(tmp_path_factory.mktemp("looked-at"))
    arrive(spark, lake, "b1", *FIRST)
    bring_to_gold(spark, lake)
    arrive(spark, lake, "b2", line("9", "2024-01-07", segment="Home Office", quantity=5), deleted("1"))
    bring_to_gold(spark, lake)
    return lake


def test_every_promise_holds_also_against_a_rebuild(spark, two_releases):
    left = Path(two_releases.staging("verify"), "of-a-killed-one.parquet")
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a file")
    found = gold_findings(spark, two_releases, rebuild=True)
    assert [one.promise for one in found if not one.ok] == []
    assert len(found) == 11


def test_the_history_of_a_key_counts_facts(spark, two_releases):
    told = history(spark, two_releases, "customer", "c1", "superstore")
    assert [(one["segment"], f"{one['valid_from']:%F}", one["facts"], one["is_current"]) for one in told] == [
        ("Consumer", "1900-01-01", 3, False),
        ("Corporate", "2024-01-05", 2, False),
        ("Home Office", "2024-01-07", 2, False),
        ("Corporate", "2024-01-08", 1, True),
    ]
    assert [one["facts"] for one in history(spark, two_releases, "store", "Germany|Berlin|Berlin")] == [8]


def test_the_history_is_told_in_utc_wherever_it_is_asked(spark, two_releases, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        first, *_, last = history(spark, two_releases, "customer", "c1", "superstore")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (first["valid_from"], last["valid_from"]) == (datetime(1900, 1, 1), datetime(2024, 1, 8))
    assert last["valid_to"] == datetime(9999, 12, 31)


def test_what_is_wrong_is_told_in_utc_too(spark, two_releases, monkeypatch):
    customer = dimensions(two_releases)[0]
    rows = read_table(spark, two_releases, newest(two_releases), customer.table.name)
    rows = rows.where("source_system = 'superstore' AND customer_id = 'c1'")
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        found = true_intervals(customer, rows.withColumn("valid_to", F.col("valid_from")))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert not found.ok
    days = [datetime(2024, 1, day) for day in (5, 7, 8)]
    assert [one["valid_from"] for one in found.examples] == [datetime(1900, 1, 1), *days]


@pytest.mark.parametrize("entity, key, told", [("customer", "nobody", "no customer"), ("order", "1", "no history")])
def test_what_has_no_history_is_said(spark, two_releases, entity, key, told):
    with pytest.raises(UsageError, match=told):
        history(spark, two_releases, entity, key)


@pytest.mark.soak  # with the other long tests of gold
def test_releases_are_listed_and_compared(spark, two_releases):
    assert [(one["number"], one["status"], one["facts"]) for one in listing(two_releases)] == [
        (2, "complete", 10),
        (1, "complete", 10),
    ]
    told = difference(spark, two_releases, "1", "2")
    assert told["gold.dim_customer"] == {"added": 2, "closed": 1, "changed": 1}
    assert told["gold.dim_product"] == told["gold.dim_store"] == {"changed": 1}  # seen first a day later
    assert "gold.dim_date" not in told
    facts = told["gold.fact_sales"]
    assert (facts["added"], facts["removed"], facts["re-pointed"]) == (1, 1, 2)
    assert facts["quantity"] == [20, 23]
    assert difference(spark, two_releases, "1", "1") == {}


BROKEN = {
    "gold.fact_sales": {
        "DELETE FROM {} WHERE sale_id = '5'": {"gold is what its release says", "every live sale line is a fact, once"},
        "UPDATE {} SET ordered_at = ordered_at - INTERVAL 90 DAYS WHERE sale_id = '8'": {
            "gold is what its release says",
            "each fact points at the version valid when the sale was made",
        },
        "INSERT INTO {0} SELECT * FROM {0} WHERE sale_id = '5'": {
            "gold is what its release says",
            "one row a key in gold.fact_sales",
            "every live sale line is a fact, once",
        },
    },
    "gold.dim_customer": {
        "UPDATE {} SET valid_from = valid_from + INTERVAL 1 DAY WHERE segment = 'Corporate' AND is_current": {
            "gold is what its release says",
            "history is true in gold.dim_customer",
            "each fact points at the version valid when the sale was made",
        },
    },
}


@pytest.mark.soak  # a lakehouse a case
@pytest.mark.parametrize("table, statement, broken", [(t, s, b) for t, told in BROKEN.items() for s, b in told.items()])
def test_what_is_broken_is_found(spark, tmp_path, monkeypatch, table, statement, broken):
    from lakehouse.gold import release, verify

    lake = lake_at(tmp_path)
    arrive(spark, lake, "b1", *FIRST)
    bring_to_gold(spark, lake)
    spark.sql(statement.format(f"delta.`{lake.location(table)}`"))

    def newest_rows(spark, lake, _release, name):
        return spark.read.format("delta").load(lake.location(name))

    monkeypatch.setattr(verify, "read_table", newest_rows)
    found = gold_findings(spark, lake)
    assert {one.promise for one in found if not one.ok} == broken
    assert all(one.examples for one in found if not one.ok)
    assert release.newest(lake).number == 1
