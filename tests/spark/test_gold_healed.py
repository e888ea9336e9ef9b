"""A build of gold that ends between two tables is invisible, and the next one heals it."""

import shutil

import pytest

from lakehouse.gold import build, job
from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.release import newest
from tests.spark.gold_data import CHANGE, FIRST, arrive, digests, from_nothing, lake_at, line

pytestmark = pytest.mark.spark


class KilledError(Exception):
    pass


def killed_at(monkeypatch, point):
    def reached(here):
        if here == point:
            raise KilledError(here)

    for module in (job, build):
        monkeypatch.setattr(module, "reached", reached)


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
