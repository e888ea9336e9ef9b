"""SIGKILL at each step of a withdrawal, from silver through gold to the warehouse: asking again ends it.

A lakehouse with two files and a release of both flows in; the command line takes the second one back, is killed, and is
asked once more in a new process, while the JVM of the killed one may still live. What comes of it is compared with a
lakehouse where the second file never came.
"""

import random
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.care.verify import findings
from lakehouse.gold.release import Release, newest
from lakehouse.ops.killpoints import WITHDRAWAL_POINTS
from lakehouse.runtime.lake import Lake, open_lake
from tests.kills import command, ended, leftovers
from tests.spark.gold_data import counted_digests
from tests.spark.travels import digest_of, lake_at

pytestmark = pytest.mark.timeout(900)

POINTS = (*WITHDRAWAL_POINTS, "gold-begun", "gold-dim-product", "gold-before-release", "publish-loaded")
SHORT = "withdrawal-merged"


def asked(file: Path) -> tuple[str, ...]:
    return ("withdraw", "--source", "superstore", "--yes", str(file))


def newest_of(lake: Lake) -> Release:
    release = newest(lake)
    assert release is not None
    return release


def ends_as_if_never(spark: SparkSession, home: Path, file: Path, first_release: Path, *, verify: bool = True) -> None:
    """One more request goes through; then silver, gold and the warehouse are those without the file."""
    told = ended(home, *asked(file))
    assert told.returncode == 0, told.stderr
    lake = open_lake("local")
    alone = newest_of(lake_at(first_release, lake))
    release = newest_of(lake)
    assert release.digests == counted_digests(spark, lake, release) == alone.digests
    if verify:
        assert [one for one in findings(lambda: spark, lake, rebuild=True) if not one.ok] == []
    published = ended(home, "publish")
    assert published.stdout.rstrip().endswith("as before"), published.stdout
    assert leftovers(lake) == []


@pytest.mark.parametrize(
    "point", [point if point == SHORT else pytest.param(point, marks=pytest.mark.soak) for point in POINTS]
)
def test_a_withdrawal_killed_at_a_point_is_completed_when_asked_for_again(
    point: str, spark: SparkSession, home: Path, stepped: tuple[Path, Release], files: tuple[Path, Path], released: Path
) -> None:
    shutil.copytree(stepped[0], home)
    killed = ended(home, *asked(files[1]), LAKEHOUSE_KILL_AT=point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    ends_as_if_never(spark, home, files[1], released, verify=point != SHORT)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_withdrawals_killed_at_random_moments(
    spark: SparkSession, home: Path, stepped: tuple[Path, Release], files: tuple[Path, Path], released: Path
) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    moments = random.Random(seed)
    for _ in range(12):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(stepped[0], home)
        before = digest_of(spark, open_lake("local"))
        for _ in range(moments.randint(1, 3)):
            with command(home, *asked(files[1])) as process:
                try:
                    process.wait(timeout=moments.uniform(1, 40))
                except subprocess.TimeoutExpired:
                    process.kill()
                print(f"killed: {process.wait()}; silver changed: {digest_of(spark, open_lake('local')) != before}")
        ends_as_if_never(spark, home, files[1], released)
