"""Promise 3 for gold: a build killed at every point of its protocol and at random moments, then run once more.

What was never killed has its digests, counted on its tables; every build that was killed must come to them with one
more run, and until then readers see the release there was. That run begins in the test's own, warm session right after
the kill: while the JVM of the killed process is still there and may commit.
"""

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, QueryBuilder
from pyspark.sql import SparkSession

from lakehouse.care.verify import findings
from lakehouse.gold.job import GOLD, GOLD_POINTS
from lakehouse.gold.release import GOLD_TABLES, Release, newest, under_way
from lakehouse.runtime.lake import Lake, open_lake
from tests.kills import PATIENCE, ROOT, command, ended, leftovers, lives, recorded_jvm, run
from tests.spark.gold_data import counted_digests

pytestmark = pytest.mark.timeout(900)

TO_GOLD = ("run", "--source", "superstore", "--to", "gold")
AFTER = "gold-after-release"
STEP_POINTS = tuple(point for point in GOLD_POINTS if point != "gold-dim-date")
"""A step never writes the calendar."""
SHORT = ("gold-dim-product", "gold-before-release")
"""The points of `make test`, which leaves out what takes long: building silver and gold anew, beside."""


def of_a_step(point: str) -> object:
    return point if point in SHORT else pytest.param(point, marks=pytest.mark.soak)


def killed_process(home: Path, at_point: str) -> int | None:
    """A cold `lakehouse run --to gold`, killed by itself at a point; the JVM it has left behind."""
    told = ended(home, *TO_GOLD, LAKEHOUSE_KILL_AT=at_point)
    assert told.returncode == -signal.SIGKILL, told.stderr
    return recorded_jvm(home, GOLD)


def rows_of(lake: Lake, release: Release | None) -> dict[str, pa.Table]:
    """The tables of a release as readers without Spark have them, in an order of their own."""
    found = {}
    for name in GOLD_TABLES if release else ():
        opened = DeltaTable(lake.location(name), version=release.versions[name])
        ordered = f"SELECT * FROM t ORDER BY {', '.join(lake.table(name).keys)}"
        found[name] = pa.table(QueryBuilder().register("t", opened).execute(ordered))
    return found


def holds(spark: SparkSession, lake: Lake, never_killed: Release, *, verify: bool = True) -> None:
    """What must be true after one more run: the release, its rows and, where asked for, every promise."""
    release = newest(lake)
    assert release is not None
    assert (release.release_id, release.number, release.kind) == (
        never_killed.release_id,
        never_killed.number,
        never_killed.kind,
    )
    assert release.digests == counted_digests(spark, lake, release) == never_killed.digests
    assert (release.row_counts, release.changes) == (never_killed.row_counts, never_killed.changes)
    assert under_way(lake) is None
    if verify:
        assert [one for one in findings(lambda: spark, lake, rebuild=True) if not one.ok] == []


def test_every_point_of_a_build_is_one_a_test_kills_at() -> None:
    job, build = ((ROOT / "lakehouse" / "gold" / f"{name}.py").read_text() for name in ("job", "build"))
    after_tables = {f"gold-{name.partition('.')[2].replace('_', '-')}" for name in GOLD_TABLES}
    assert [point for point in GOLD_POINTS if f'reached("{point}")' not in job and point not in after_tables] == []
    assert (job.count("reached("), build.count("reached(")) == (len(GOLD_POINTS) - len(after_tables), 1)


@pytest.mark.parametrize("point", [of_a_step(point) for point in STEP_POINTS])
def test_a_step_killed_at_a_point_is_invisible_and_completed_by_one_more_run(
    point: str, spark: SparkSession, home: Path, released: Path, stepped: tuple[Path, Release]
) -> None:
    lake = open_lake("local")
    shutil.copytree(released, home)
    before = newest(lake)
    rows = rows_of(lake, before)
    jvm = killed_process(home, point)
    assert lives(jvm), "the JVM of the killed process is gone: nothing is proven about those that are not"
    assert (newest(lake) == before) == (point != AFTER)
    assert rows_of(lake, before) == rows
    said = run(to="gold")
    if point != AFTER:
        assert f"finishing release {stepped[1].release_id}, which a killed run began" in said
    assert leftovers(lake) == []
    assert rows_of(lake, before) == rows
    holds(spark, lake, stepped[1], verify=point not in SHORT)


@pytest.mark.parametrize("after", [1, *(pytest.param(seconds, marks=pytest.mark.soak) for seconds in (0, 2, 3, 5, 8))])
def test_a_step_stopped_by_ctrl_c_says_so_in_one_sentence_and_the_next_run_completes_it(
    after: int, spark: SparkSession, home: Path, released: Path, stepped: tuple[Path, Release]
) -> None:
    shutil.copytree(released, home)
    with command(home, *TO_GOLD) as process:
        assert process.stderr is not None
        while "building release" not in process.stderr.readline() and process.poll() is None:
            pass
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=PATIENCE)
    assert (process.returncode, rest.splitlines()[-1]) == (130, "interrupted: nothing is lost, run the command again")
    assert "Traceback" not in rest
    run(to="gold")
    lake = open_lake("local")
    assert leftovers(lake) == []
    holds(spark, lake, stepped[1], verify=False)


@pytest.mark.soak
@pytest.mark.parametrize("point", GOLD_POINTS)
def test_a_build_from_nothing_killed_at_a_point_is_completed_by_one_more_run(
    point: str, spark: SparkSession, home: Path, after_first: Path, released: Path
) -> None:
    lake = open_lake("local")
    shutil.copytree(after_first, home)
    assert lives(killed_process(home, point))
    assert (newest(lake) is None) == (point != AFTER)
    run(to="gold")
    assert leftovers(lake) == []
    holds(spark, lake, released_in(released))


def released_in(home: Path) -> Release:
    """The newest release of another lakehouse."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_HOME", str(home))
        release = newest(open_lake("local"))
    assert release is not None
    return release


@pytest.mark.soak
@pytest.mark.parametrize("point", ["gold-begun", "gold-dim-product", "gold-before-release"])
def test_lines_that_arrive_between_the_kill_and_the_next_run_come_to_the_same(
    point: str, spark: SparkSession, home: Path, released: Path, third: Path, stepped_twice: Release
) -> None:
    shutil.copytree(released, home)
    killed_process(home, point)
    run(third)
    said = run(to="gold")
    assert sum("finishing release" in line or "building release" in line for line in said) == 2
    lake = open_lake("local")
    assert leftovers(lake) == []
    holds(spark, lake, stepped_twice)


@pytest.mark.soak
def test_a_build_killed_again_and_again_ends_as_if_it_never_was(
    spark: SparkSession, home: Path, released: Path, stepped: tuple[Path, Release]
) -> None:
    shutil.copytree(released, home)
    for point in STEP_POINTS[:-1]:
        killed_process(home, point)
    run(to="gold")
    lake = open_lake("local")
    assert leftovers(lake) == []
    holds(spark, lake, stepped[1])


def killed_at_random(home: Path, moments: random.Random) -> None:
    """A cold `lakehouse run --to gold`, killed at a moment of the build, or of what comes before it."""
    with command(home, *TO_GOLD) as process:
        assert process.stderr is not None
        if moments.random() < 0.9:
            while "building release" not in process.stderr.readline() and process.poll() is None:
                pass
            delay = moments.uniform(0, 20)
        else:
            delay = moments.uniform(0, 8)
        try:
            process.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            process.kill()
        print(f"killed after {delay:.2f} s with {process.wait()}; gold's lease names {recorded_jvm(home, GOLD)}")


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_many_builds_killed_at_random_moments(
    spark: SparkSession, home: Path, released: Path, stepped: tuple[Path, Release]
) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    moments = random.Random(seed)
    lake = open_lake("local")
    for _ in range(25):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(released, home)
        before = newest(lake)
        rows = rows_of(lake, before)
        killed_at_random(home, moments)
        assert newest(lake) == before or under_way(lake) is None
        assert rows_of(lake, before) == rows
        run(to="gold")
        assert rows_of(lake, before) == rows
        holds(spark, lake, stepped[1], verify=False)
