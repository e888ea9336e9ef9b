"""A made-up change feed on real Superstore lines: each fact points at what was true when the sale was made.

The sales are real, the changes are not: segments, names and a region change on a made-up day (see change_feed.py).
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.release import Release, read_table
from lakehouse.runtime.lake import Lake
from tests.oracle.csv_sources import read_csv
from tests.oracle.digest import digest
from tests.oracle.gold import digests_of
from tests.oracle.silver import silver_of
from tests.real_files import EARLIER, UTF_8
from tests.spark.change_feed import CHANGED, ChangeFeed, made_up_change_feed
from tests.spark.gold_data import counted_digests
from tests.spark.travels import classes, digest_of, folder_of, travel

DIMENSIONS = {
    "Segment": ("customer", "segment"),
    "Product Name": ("product", "product_name"),
    "Region": ("store", "region"),
}

Pointed = dict[tuple[str, bool], set[str]]  # (key, sold after the change?) → values that its facts point at


@pytest.fixture(scope="module")
def feed(real_data: Path) -> ChangeFeed:
    return made_up_change_feed(real_data / UTF_8)


def pointed_at(spark: SparkSession, lake: Lake, release: Release, dimension: str, attribute: str) -> Pointed:
    facts = read_table(spark, lake, release, "gold.fact_sales")
    versions = read_table(spark, lake, release, f"gold.dim_{dimension}")
    is_after = F.col("ordered_at") >= F.lit(CHANGED).cast("timestamp")
    rows = facts.join(versions, f"{dimension}_sk").groupBy(f"{dimension}_id", is_after).agg(F.collect_set(attribute))
    return {(key, after): set(values) for key, after, values in rows.collect()}


def unlike_the_story(feed: ChangeFeed, column: str, found: Pointed) -> list[tuple[str, bool, set[str]]]:
    """Keys that changed and whose facts point at anything but the old value before the day and the new one after."""
    return [
        (key, after, values)
        for (key, after), values in found.items()
        if key in feed.changes[column] and values != {feed.changes[column][key][after]}
    ]


def test_facts_before_a_change_keep_the_old_value_and_facts_after_it_have_the_new_one(
    spark: SparkSession, lake: Lake, feed: ChangeFeed, tmp_path: Path
) -> None:
    said = []
    for number, data in enumerate(feed.files):
        as_of = EARLIER + timedelta(days=number)
        batches = travel(spark, lake, "superstore", folder_of(tmp_path, {f"made_up_{number}.csv": data}), as_of)
        told = read_csv("superstore", data, "utf-8", ",", as_of).statements
        assert classes(batches).total() == len(told)
        said += [statement for _, statement in told]
        state = silver_of(said)
        assert digest_of(spark, lake) == digest(state)
        release = bring_to_gold(spark, lake)
        assert release is not None
        assert release.kind == ("step" if number else "full")
        assert release.digests == counted_digests(spark, lake, release) == digests_of(state)
        for column, (dimension, attribute) in DIMENSIONS.items():
            found = pointed_at(spark, lake, release, dimension, attribute)
            assert unlike_the_story(feed, column, found) == []
            both = [key for key in feed.changes[column] if {(key, False), (key, True)} <= found.keys()]
            assert len(both) >= (0, 4, 7)[number]


def test_the_made_up_feed_is_large_enough_to_mean_something(feed: ChangeFeed) -> None:
    day = datetime.fromisoformat(CHANGED).replace(tzinfo=UTC)
    told = [read_csv("superstore", data, "utf-8", ",", EARLIER) for data in feed.files]
    assert [one.quarantined for one in told] == [[], [], []]
    lines = [[line for _, line in one.statements] for one in told]
    assert sum(map(len, lines)) > 3_000
    sides = [{line.content["ordered_at"] >= day for line in those} for those in lines]
    assert sides == [{False}, {False, True}, {False, True}]
    again = {line.key for line in lines[0]} & {line.key for line in lines[1]}
    assert len(again) > 30
    assert {column: len(keys) >= 20 for column, keys in feed.changes.items()} == dict.fromkeys(DIMENSIONS, True)
