"""A landing taken back: silver, gold and the books are those of a lakehouse where the file never came.

Four files of the sample correct each other: a history, new orders with corrections and damage, a late one with stale
rows, and one more. The oracle reads the others alone.
"""

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse import road
from lakehouse.bronze import ledger
from lakehouse.bronze.landing import land
from lakehouse.care.verify import findings
from lakehouse.conf import conf_folder
from lakehouse.errors import UsageError
from lakehouse.gold.job import bring_to_gold
from lakehouse.ops import tables, withdrawals
from lakehouse.ops.killpoints import WITHDRAWAL_POINTS
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample import SampleFile, write_sample
from lakehouse.silver.job import bring_to_silver
from lakehouse.silver.settle import settle_withdrawals
from lakehouse.silver.taking_back import standing
from lakehouse.silver.withdraw import withdraw
from tests.oracle.csv_sources import read_csv
from tests.oracle.digest import digest
from tests.oracle.gold import digests_of
from tests.oracle.silver import State, silver_of
from tests.spark.gold_data import counted_digests
from tests.spark.travels import digest_of, expected, lake_at, sales, standings, travel

pytestmark = pytest.mark.usefixtures("large")

PLACES = range(4)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[SampleFile]:
    return write_sample(tmp_path_factory.mktemp("sample"), rows=300, days=4)


@pytest.fixture(scope="module")
def arrived(
    spark: SparkSession, sample: list[SampleFile], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Lake, Path], Lake]:
    """Copies of one lakehouse in which all four files are in silver, the newest before the others."""
    made: list[Lake] = []

    def copy(like: Lake, path: Path) -> Lake:
        if not made:
            made.append(lake_at(tmp_path_factory.mktemp("arrived") / "lake", like))
            for place in (3, 0, 2, 1):
                travel(spark, made[0], "superstore", [sample[place].path])
        shutil.copytree(made[0].root, path)
        return lake_at(path, like)

    return copy


def without(sample: Sequence[SampleFile], *places: int) -> State:
    files = [file for place, file in enumerate(sample) if place not in places]
    told = [read_csv("superstore", file.path.read_bytes(), "utf-8", ",", file.as_of).statements for file in files]
    return silver_of(statement for statements in told for _, statement in statements)


def take_back(spark: SparkSession, lake: Lake, *files: SampleFile) -> withdrawals.Withdrawal:
    found = standing(lake, lake.source("superstore"), [str(file.path) for file in files], None)
    return withdraw(spark, lake, "superstore", [one.landing.landing_id for one in found])


def is_as_if_never(spark: SparkSession, lake: Lake, state: State) -> None:
    assert standings(sales(spark, lake)) == expected(state)
    assert digest_of(spark, lake) == digest(state)
    assert [one for one in findings(lambda: spark, lake, rebuild=True) if not one.ok] == []
    assert not Path(lake.root, "staging").exists() or not list(Path(lake.root, "staging").iterdir())


@pytest.mark.parametrize("place", PLACES)
def test_any_one_of_four_files_that_correct_each_other(
    spark: SparkSession, lake: Lake, sample: list[SampleFile], arrived: Callable[[Lake, Path], Lake],
    tmp_path: Path, place: int,
) -> None:  # fmt: skip
    there = arrived(lake, tmp_path / "lake")
    done = take_back(spark, there, sample[place])
    assert done.restored + done.removed > 0
    is_as_if_never(spark, there, without(sample, place))


def test_all_of_them_one_by_one_and_back_again(
    spark: SparkSession, lake: Lake, sample: list[SampleFile], arrived: Callable[[Lake, Path], Lake], tmp_path: Path
) -> None:
    there = arrived(lake, tmp_path / "lake")
    gone: list[int] = []
    for place in (2, 0, 3, 1):
        take_back(spark, there, sample[place])
        gone.append(place)
        assert standings(sales(spark, there)) == expected(without(sample, *gone))
    assert sales(spark, there).count() == 0
    batches = travel(spark, there, "superstore", [file.path for file in sample])
    assert [one.generation for one in batches] == [1, 1, 1, 1]
    is_as_if_never(spark, there, without(sample))
    withdrawn = [row for row in tables.read(there, "ops.quarantine") if row["status"] != "open"]
    assert withdrawn == []


def test_two_at_once_and_one_that_no_batch_has_taken_yet(
    spark: SparkSession, lake: Lake, sample: list[SampleFile], arrived: Callable[[Lake, Path], Lake], tmp_path: Path
) -> None:
    there = arrived(lake, tmp_path / "lake")
    take_back(spark, there, sample[1], sample[3])
    is_as_if_never(spark, there, without(sample, 1, 3))
    land(there, there.source("superstore"), [sample[3].path])
    done = take_back(spark, there, sample[3])
    assert (done.restored, done.removed, done.merged_version) == (0, 0, None)
    assert bring_to_silver(spark, there, "superstore") == []
    is_as_if_never(spark, there, without(sample, 1, 3))


def test_gold_follows_and_comes_back(
    spark: SparkSession, lake: Lake, sample: list[SampleFile], arrived: Callable[[Lake, Path], Lake], tmp_path: Path
) -> None:
    there = arrived(lake, tmp_path / "lake")
    first = bring_to_gold(spark, there)
    take_back(spark, there, sample[1])
    second = bring_to_gold(spark, there)
    assert first is not None
    assert second is not None
    assert (second.kind, second.previous) == ("step", first.release_id)
    assert second.digests == counted_digests(spark, there, second) == digests_of(without(sample, 1))
    travel(spark, there, "superstore", [sample[1].path])
    third = bring_to_gold(spark, there)
    assert third is not None
    assert third.digests == first.digests == digests_of(without(sample))
    assert [one for one in findings(lambda: spark, there, rebuild=True) if not one.ok] == []


@pytest.mark.parametrize("point", ["withdrawal-merged", "withdrawal-in-ledger"])
def test_a_file_landed_again_after_a_killed_withdrawal_is_back(
    spark: SparkSession, lake: Lake, sample: list[SampleFile], arrived: Callable[[Lake, Path], Lake],
    tmp_path: Path, point: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    there = arrived(lake, tmp_path / "lake")
    killed(spark, there, sample[1], point, monkeypatch)
    monkeypatch.setenv("LAKEHOUSE_HOME", there.root)
    travelled = road.travel("local", "superstore", [str(sample[1].path)], to="silver")
    assert [one.what for one in travelled.outcomes] == ["landed"]
    assert [one.generation for one in travelled.closed] == [1]
    is_as_if_never(spark, there, without(sample))


class KilledError(Exception):
    """What stands for SIGKILL in this process."""


@pytest.mark.parametrize(
    "point",
    [
        p if p in ("withdrawal-prepared", "withdrawal-accounted") else pytest.param(p, marks=pytest.mark.soak)
        for p in WITHDRAWAL_POINTS
    ],
)
def test_a_killed_withdrawal_ends_the_same_when_asked_for_again(
    spark: SparkSession, lake: Lake, sample: list[SampleFile], arrived: Callable[[Lake, Path], Lake],
    tmp_path: Path, point: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    there = arrived(lake, tmp_path / "lake")
    killed(spark, there, sample[1], point, monkeypatch)
    if point == "withdrawal-prepared":
        told = [one for one in findings(lambda: spark, there, rebuild=False) if not one.ok]
        assert [one.promise for one in told] == ["batches and withdrawals are closed"]
    if point != "withdrawal-accounted":  # any run settles the books
        bring_to_silver(spark, there, "superstore")
        assert [one for one in findings(lambda: spark, there, rebuild=False) if not one.ok] == []
    if standing(there, there.source("superstore"), [str(sample[1].path)], None):
        take_back(spark, there, sample[1])
    is_as_if_never(spark, there, without(sample, 1))
    assert [one.status for one in withdrawals.read(there)] == ["done"]


def killed(spark: SparkSession, lake: Lake, file: SampleFile, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(name: str) -> None:
        if name == point:
            raise KilledError(name)

    with monkeypatch.context() as patched:
        for module in ("withdraw", "settle"):
            patched.setattr(f"lakehouse.silver.{module}.reached", reached)
        with pytest.raises(KilledError):
            take_back(spark, lake, file)


@pytest.mark.soak
def test_withdrawals_landings_and_kills_in_random_order(
    spark: SparkSession, lake: Lake, sample: list[SampleFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(4)
    for number in range(8):
        there = lake_at(tmp_path / str(number), lake)
        in_it: set[int] = set()
        for _ in range(8):
            place = dice.choice(PLACES)
            if place not in in_it:
                travel(spark, there, "superstore", [sample[place].path])
            else:
                if dice.random() < 0.5:
                    killed(spark, there, sample[place], dice.choice(WITHDRAWAL_POINTS), monkeypatch)
                if standing(there, there.source("superstore"), [str(sample[place].path)], None):
                    take_back(spark, there, sample[place])
                settle_withdrawals(there, wait=False, say=print)
            in_it ^= {place}
        is_as_if_never(spark, there, without(sample, *(set(PLACES) - in_it)))


def test_what_was_accepted_once_counts_among_the_rest_under_tighter_rules_too(
    spark: SparkSession, lake: Lake, sample: list[SampleFile], arrived: Callable[[Lake, Path], Lake],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    there = arrived(lake, tmp_path / "lake")
    shutil.copytree(conf_folder(), tmp_path / "conf")
    rules = tmp_path / "conf" / "sources" / "superstore.yml"
    rule = "\nexpectations:\n  too_many: {check: at_least, column: quantity, min: 1000, on_fail: quarantine}\n"
    rules.write_text(rules.read_text().replace("\nexpectations:\n", rule))
    monkeypatch.setenv("LAKEHOUSE_CONF", str(tmp_path / "conf"))
    done = take_back(spark, lake_at(tmp_path / "lake", open_lake("local")), sample[1])
    assert done.restored
    assert standings(sales(spark, there)) == expected(without(sample, 1))


def test_names_that_mean_nothing_or_too_much_are_refused(
    spark: SparkSession, lake: Lake, sample: list[SampleFile], arrived: Callable[[Lake, Path], Lake], tmp_path: Path
) -> None:
    there = arrived(lake, tmp_path / "lake")
    feed = there.source("superstore")
    with pytest.raises(UsageError, match=r"no landing of superstore is 'nothing\.csv'"):
        standing(there, feed, ["nothing.csv"], None)
    other = tmp_path / "other" / sample[0].path.name
    other.parent.mkdir()
    other.write_bytes(sample[2].path.read_bytes() + b"\n")
    land(there, feed, [other])
    with pytest.raises(UsageError, match="landed with different contents"):
        standing(there, feed, [sample[0].path.name], None)
    named = {one.file_name: one for one in ledger.read(there)}
    (found,) = standing(there, feed, [named[sample[1].path.name].landing_id], None)
    assert found.landing.file_name == sample[1].path.name
    assert found.lines == sum(1 for row in without(sample).values() if row.recorded_at == sample[1].as_of)
    assert standing(there, feed, [sample[1].path.name], sample[1].as_of) == [found]
