"""The job killed at any moment, its JVM left behind, its checkpoint gone or damaged: nothing is doubled or dropped."""

import random
import time
from pathlib import Path

import pytest

from lakehouse.ops.killpoints import STREAM_POINTS
from lakehouse.runtime.lake import Lake
from lakehouse.streams.bronze import EVENTS
from tests.kafka.producers import await_lines, running
from tests.kills import PATIENCE, command, ended, held_up, lives, recorded_jvm
from tests.spark.streams.checkpoint import damaged
from tests.spark.streams.landed import all_landed, landed
from tests.unit.calls import Command

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("spark")]

KILLED = -9


def drained(lakehouse: Command) -> None:
    done = lakehouse("stream", "bronze", "--once")
    assert done.code == 0, done.err


@pytest.fixture
def produced(lakehouse: Command, topic: str, oracle: Path) -> int:
    """So many events in the topic."""
    assert lakehouse("produce", "--events", 3_000, "--partitions", 3, "--abort", 0.1, "--oracle", oracle).code == 0
    return 3_000


@pytest.mark.parametrize("point", [*STREAM_POINTS[:2], "stream-written:2", "stream-batch-done"])
def test_killed_at_any_point_it_goes_on_from_what_the_table_lacks(
    point: str, lake: Lake, home: Path, served: Path, topic: str, oracle: Path, produced: int, lakehouse: Command
) -> None:
    done = ended(home, "stream", "bronze", "--once", "--most", "1000", LAKEHOUSE_KILL_AT=point)
    assert done.returncode == KILLED, done.stderr
    jvm = recorded_jvm(home, EVENTS)
    begun = len(landed(lake, topic))
    assert (begun > 0) == (point in ("stream-written:2", "stream-batch-done"))
    if jvm is not None and lives(jvm):
        with held_up(jvm):
            drained(lakehouse)
    drained(lakehouse)
    assert all_landed(lake, served, topic, oracle) > 2_000


def test_killed_while_it_writes_what_its_jvm_still_commits_is_not_landed_again(
    lake: Lake, home: Path, served: Path, topic: str, oracle: Path, produced: int, lakehouse: Command
) -> None:
    done = ended(home, "stream", "bronze", "--once", LAKEHOUSE_KILL_AT="stream-batch-begun+0.4")
    assert done.returncode == KILLED, done.stderr
    drained(lakehouse)
    all_landed(lake, served, topic, oracle)


@pytest.mark.parametrize("how", ["gone", "cut"])
def test_a_checkpoint_that_is_gone_or_damaged_changes_nothing(
    how: str, lake: Lake, home: Path, served: Path, topic: str, oracle: Path, produced: int, lakehouse: Command
) -> None:
    done = ended(home, "stream", "bronze", "--once", "--most", "1000", LAKEHOUSE_KILL_AT="stream-batch-begun:3")
    assert done.returncode == KILLED, done.stderr
    damaged(home / "streams" / "bronze", how)
    drained(lakehouse)
    all_landed(lake, served, topic, oracle)
    assert not list((home / "streams" / "bronze").glob("*"))


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_job_and_producer_killed_at_random_again_and_again(
    rounds: int, lake: Lake, home: Path, served: Path, topic: str, oracle: Path, lakehouse: Command
) -> None:
    chance = random.Random(rounds)
    for number in range(rounds):
        with running("--partitions", 3, "--events", 0, "--rate", 400, "--seed", number, "--oracle", oracle) as producer:
            await_lines(producer, oracle, oracle.read_bytes().count(b"\n") if oracle.exists() else 0)
            with command(home, "stream", "bronze", "--every", "0.2", "--most", "500") as job:
                known = len(landed(lake, topic))
                until = time.monotonic() + PATIENCE
                while len(landed(lake, topic)) == known:
                    assert job.poll() is None, job.communicate()
                    assert time.monotonic() < until
                time.sleep(chance.random() * 2)
                job.kill()
            producer.kill()
    with running("--events", 10, "--oracle", oracle) as producer:  # ends what the killed one left open
        assert producer.wait(60) == 0
    drained(lakehouse)
    assert all_landed(lake, served, topic, oracle) > 100 * rounds
