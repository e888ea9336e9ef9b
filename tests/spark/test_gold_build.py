"""Gold end to end on small silver tables: facts point at the right versions, and steps equal a build from nothing."""

import shutil
from dataclasses import replace
from datetime import datetime

import pytest
from pyspark.sql import functions as F

from lakehouse.contract.derive.delta_table import check_constraints
from lakehouse.contract.model import Column
from lakehouse.errors import JobError
from lakehouse.gold import job, keys
from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.release import GOLD_TABLES, newest, read_table
from lakehouse.ops import killpoints
from lakehouse.quality.identity import hash_number
from lakehouse.runtime.lake import in_folder
from tests.spark.gold_data import arrive, counted_digests, deleted, in_namespace, lake_at, line, removed, retail

pytestmark = pytest.mark.spark


def digests(spark, lake):
    """The digest of each table of the newest release, counted anew."""
    return counted_digests(spark, lake, newest(lake))


def from_nothing(spark, lake, path):
    """The digests of gold built from the same silver, beside."""
    shutil.copytree(f"{lake.root}/silver", path / "silver")
    beside = in_folder(lake, str(path))
    release = bring_to_gold(spark, beside)
    assert release.kind == "full"
    return release.digests


def names_at(spark, lake, entity, attribute):
    """sale_id -> the attribute of the version its fact points at."""
    release = newest(lake)
    facts = read_table(spark, lake, release, "gold.fact_sales")
    rows = read_table(spark, lake, release, f"gold.dim_{entity}")
    joined = facts.join(rows, f"{entity}_sk", "left")
    return {row["sale_id"]: row[attribute] for row in joined.select("sale_id", attribute).collect()}


FIRST = [
    line("1", "2024-01-01"),
    line("2", "2024-01-10", segment="Corporate"),
    line("3", "2024-01-20", customer_id="c2", customer_name="Bob", product_id="p2", product_name=None),
    line("4", "2024-01-20", customer_id="c1", segment="Corporate", ship_date=None),
    retail("a", "2024-01-05T08:26"),
    retail("b", "2024-01-06T09:00", customer_id=None, product_id="POST", product_name="POSTAGE"),
]


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


class KilledError(Exception):
    pass


def killed_at(monkeypatch, point):
    def reached(here):
        if here == point:
            raise KilledError(here)

    for module in (job, job.build_step.__globals__["commit"].__globals__):
        if isinstance(module, dict):
            monkeypatch.setitem(module, "reached", reached)
        else:
            monkeypatch.setattr(module, "reached", reached)


CHANGE = [line("5", "2024-01-15", segment="Home Office"), deleted("3"), line("6", "2024-02-01", region="North")]
MORE = [line("7", "2024-01-12", segment="Home Office"), line("5", "2024-01-16", segment="Home Office")]


@pytest.fixture(scope="module")
def released(spark, tmp_path_factory):
    """A lakehouse with a release and a change that waits."""
    lake = lake_at(tmp_path_factory.mktemp("released"))
    arrive(spark, lake, "b1", *FIRST)
    bring_to_gold(spark, lake)
    arrive(spark, lake, "b2", *CHANGE)
    return lake


def in_soak(*case):
    """A case that repeats, without SIGKILL, what test_gold_kills.py shows with it."""
    return pytest.param(*case, marks=pytest.mark.soak)


STEP_POINTS = [point for point in job.GOLD_POINTS if point != "gold-dim-date"]  # a step never writes the calendar


@pytest.mark.parametrize(
    "point, more",
    [
        *(in_soak(point, False) for point in STEP_POINTS),
        in_soak("gold-begun", True),
        in_soak("gold-dim-customer", True),
    ],
)
def test_a_kill_between_tables_is_invisible_and_healed(spark, tmp_path, monkeypatch, released, point, more):
    shutil.copytree(released.root, tmp_path / "lake")
    lake = lake_at(tmp_path / "lake")
    first = newest(lake)
    with monkeypatch.context() as patched:
        killed_at(patched, point)
        with pytest.raises(KilledError):
            bring_to_gold(spark, lake)
    assert (newest(lake) == first) == (point != "gold-after-release")
    if more:
        arrive(spark, lake, "b3", *MORE)
    healed = bring_to_gold(spark, lake)
    assert healed.number == (3 if more else 2)
    assert healed.digests == digests(spark, lake) == from_nothing(spark, lake, tmp_path / "beside")


@pytest.mark.parametrize("point", [in_soak("gold-begun"), "gold-dim-product", in_soak("gold-fact-sales")])
def test_a_first_build_that_was_killed_is_healed(spark, tmp_path, monkeypatch, point):
    lake = lake_at(tmp_path / "lake")
    arrive(spark, lake, "b1", *FIRST)
    with monkeypatch.context() as patched:
        killed_at(patched, point)
        with pytest.raises(KilledError):
            bring_to_gold(spark, lake)
    assert newest(lake) is None
    healed = bring_to_gold(spark, lake)
    assert healed.number == 1
    assert healed.digests == digests(spark, lake)


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


def test_rows_that_nobody_released_lead_to_a_build_from_nothing(spark, tmp_path):
    lake = lake_at(tmp_path)
    arrive(spark, lake, "b1", *FIRST)
    first = bring_to_gold(spark, lake)
    spark.sql(f"DELETE FROM delta.`{lake.location('gold.fact_sales')}` WHERE sale_id = '1'")
    second = bring_to_gold(spark, lake)
    assert (second.kind, second.digests) == ("full", first.digests)
    assert second.digests == digests(spark, lake)


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
    assert killpoints.reached("nowhere") is None
