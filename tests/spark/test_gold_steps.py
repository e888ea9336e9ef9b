"""A step of gold is what a build from nothing makes of the same silver, whatever changed."""

import pytest

from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.release import GOLD_TABLES, newest
from tests.spark.gold_data import (
    FIRST,
    arrive,
    deleted,
    digests,
    from_nothing,
    in_namespace,
    lake_at,
    line,
    removed,
    retail,
)

pytestmark = pytest.mark.spark


STEPS = {
    "nothing but new lines of known keys": [line("5", "2024-01-25", segment="Corporate")],
    "a new customer, product and store": [
        line("5", "2024-02-01", customer_id="c9", product_id="p9", city="Köln|%", state="NRW")
    ],
    "a late change splits a version": [line("5", "2024-01-15", segment="Home Office")],
    "a late sale before all": [line("5", "2023-12-01", segment="Home Office")],
    "a correction of a value": [line("2", "2024-01-10")],
    "a correction of a time": [line("2", "2023-01-10", segment="Corporate")],
    "a correction of a key": [line("2", "2024-01-10", customer_id="c2", segment="Corporate")],
    "a correction of measures alone": [line("1", "2024-01-01", quantity=-2, is_return=True)],
    "a deletion that takes a version with it": [deleted("2")],
    "the only line of a customer and a product deleted": [deleted("3")],
    "a name that becomes known": [line("5", "2024-01-25", product_id="p2", product_name="Ink", customer_id="c2")],
    "a region reorganised": [line("5", "2024-02-01", segment="Corporate", region="North")],
    "a guest gets a name": [retail("b", "2024-01-06T09:00", product_id="POST", product_name="POSTAGE")],
    "nothing that gold knows": [line("1", "2024-01-01", postal_code="10115")],
}


def test_steps_equal_a_build_from_nothing(spark, tmp_path):
    lake = lake_at(tmp_path / "lake")
    arrive(spark, lake, "b1", *(one for name in STEPS for one in in_namespace(name, FIRST)))
    first = bring_to_gold(spark, lake)
    arrive(spark, lake, "b2", *(one for name, told in STEPS.items() for one in in_namespace(name, told)))
    second = bring_to_gold(spark, lake)
    assert (second.number, second.kind, second.previous) == (2, "step", first.release_id)
    assert second.digests == digests(spark, lake)
    assert second.digests == from_nothing(spark, lake, tmp_path / "beside")


@pytest.mark.soak
@pytest.mark.parametrize("name", STEPS)
def test_each_step_alone_equals_a_build_from_nothing(spark, tmp_path, name):
    lake = lake_at(tmp_path / "lake")
    arrive(spark, lake, "b1", *FIRST)
    bring_to_gold(spark, lake)
    arrive(spark, lake, "b2", *STEPS[name])
    release = bring_to_gold(spark, lake)
    assert release.kind == "step"
    assert release.digests == digests(spark, lake) == from_nothing(spark, lake, tmp_path / "beside")


UNDISTURBED = ("a correction of measures alone", "nothing but new lines of known keys", "nothing that gold knows")


def test_steps_that_disturb_no_version_at_all_equal_a_build_from_nothing(spark, tmp_path):
    """Each alone: beside another one that disturbs a key of its own it would be another step."""
    lake = lake_at(tmp_path / "lake")
    arrive(spark, lake, "b0", *FIRST)
    bring_to_gold(spark, lake)
    for name in UNDISTURBED:
        before = newest(lake)
        arrive(spark, lake, name, *STEPS[name])
        release = bring_to_gold(spark, lake)
        assert (release.kind, release.previous) == ("step", before.release_id)
        assert {t for t in GOLD_TABLES if release.versions[t] != before.versions[t]} <= {"gold.fact_sales"}
        assert release.digests == digests(spark, lake)
    assert release.digests == from_nothing(spark, lake, tmp_path / "beside")


def test_lines_that_are_physically_gone_leave_gold_too(spark, tmp_path):
    lake = lake_at(tmp_path / "lake")
    arrive(spark, lake, "b1", *FIRST)
    bring_to_gold(spark, lake)
    removed(spark, lake, "2", "3", "b")
    second = bring_to_gold(spark, lake)
    assert second.kind == "step"
    assert second.row_counts["gold.fact_sales"] == 3
    assert second.digests == digests(spark, lake) == from_nothing(spark, lake, tmp_path / "beside")
