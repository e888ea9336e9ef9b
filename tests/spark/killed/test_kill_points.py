"""Promise 3 for silver: killed at every step of the batch protocol and at random moments, then run once more.

One lakehouse was never killed; every other one must come to its state: tables and accounting to the last column
but the times of day, with one more run. In most tests that run begins in the test's own, warm session a few
milliseconds after the kill: while the JVM of the killed process is still there, earlier than a new process could.
"""

import random
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.ops.killpoints import SILVER_POINTS, WITHDRAWAL_POINTS
from lakehouse.runtime.lake import open_lake
from tests.kills import ROOT, Killed, State, command, ended, held_up, holds, lives, raising, recorded_jvm, run

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("point", SILVER_POINTS)
def test_a_batch_ended_at_a_step_is_completed_by_one_more_run(
    point: str,
    spark: SparkSession,
    begun: Path,
    files: tuple[Path, Path],
    never_killed: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        for module in ("batch", "settle"):
            patched.setattr(f"lakehouse.silver.{module}.reached", raising(point))
        with pytest.raises(Killed):
            run(files[1])
    run(files[1])
    holds(spark, open_lake("local"), never_killed)


@pytest.mark.parametrize("point", ["classified", "merged"])
def test_the_first_batch_of_a_lakehouse_is_completed_too(
    point: str,
    spark: SparkSession,
    home: Path,
    files: tuple[Path, Path],
    never_killed: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        for module in ("batch", "settle"):
            patched.setattr(f"lakehouse.silver.{module}.reached", raising(point))
        with pytest.raises(Killed):
            run(*files)
    run(*files)
    holds(spark, open_lake("local"), never_killed)


def test_every_step_of_a_batch_or_withdrawal_is_one_a_test_kills_at() -> None:
    said = "".join(
        (ROOT / "lakehouse" / "silver" / f"{name}.py").read_text() for name in ("batch", "settle", "withdraw")
    )
    assert sorted(re.findall(r'reached\("([a-z-]+)"\)', said)) == sorted((*SILVER_POINTS, *WITHDRAWAL_POINTS))
    assert said.count("reached(") == len(SILVER_POINTS) + len(WITHDRAWAL_POINTS)


def killed_process(home: Path, file: Path, at_point: str) -> int | None:
    """A cold `lakehouse run`, killed by itself at a point; the JVM it has left behind."""
    told = ended(home, "run", "--to", "silver", "--source", "superstore", str(file), LAKEHOUSE_KILL_AT=at_point)
    assert told.returncode == -signal.SIGKILL, told.stderr
    return recorded_jvm(home)


@pytest.mark.parametrize(
    "point", ["staged", pytest.param("prepared", marks=pytest.mark.soak), "prepared+0.4", "merged"]
)
def test_a_run_right_after_sigkill_waits_for_the_jvm_left_behind_and_completes_the_batch(
    point: str, spark: SparkSession, begun: Path, files: tuple[Path, Path], never_killed: State
) -> None:
    """`prepared+0.4` is in the midst of the MERGE, which the JVM may still commit."""
    jvm = killed_process(begun, files[1], point)
    with held_up(jvm):
        said = run(files[1])
    assert f"waiting for process {jvm}, which a killed run left behind" in said
    assert not lives(jvm)
    holds(spark, open_lake("local"), never_killed)


def killed_at_random(home: Path, file: Path, moments: random.Random) -> None:
    """A cold `lakehouse run`, killed at a moment of the batch, or of what comes before it."""
    with command(home, "run", "--to", "silver", "--source", "superstore", str(file)) as process:
        assert process.stderr is not None
        if moments.random() < 0.8:
            while "silver:" not in process.stderr.readline() and process.poll() is None:
                pass
            delay = moments.uniform(0, 6)
        else:
            delay = moments.uniform(0, 8)
        try:
            process.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            process.kill()
        print(f"killed after {delay:.2f} s with {process.wait()}; silver's lease names {recorded_jvm(home)}")


def random_kills(
    count: int, spark: SparkSession, home: Path, after_first: Path, file: Path, never_killed: State
) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    moments = random.Random(seed)
    for _ in range(count):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(after_first, home)
        killed_at_random(home, file, moments)
        run(file)
        holds(spark, open_lake("local"), never_killed)


def test_a_run_killed_at_random_moments_is_completed_by_one_more(
    spark: SparkSession, home: Path, after_first: Path, files: tuple[Path, Path], never_killed: State
) -> None:
    random_kills(2, spark, home, after_first, files[1], never_killed)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_many_runs_killed_at_random_moments(
    spark: SparkSession, home: Path, after_first: Path, files: tuple[Path, Path], never_killed: State
) -> None:
    random_kills(25, spark, home, after_first, files[1], never_killed)


@pytest.mark.soak
@pytest.mark.parametrize("point", SILVER_POINTS)
def test_a_process_killed_at_each_step_is_completed_by_a_new_process(
    point: str, spark: SparkSession, begun: Path, files: tuple[Path, Path], never_killed: State
) -> None:
    killed_process(begun, files[1], point)
    told = ended(begun, "run", "--to", "silver", "--source", "superstore", str(files[1]))
    assert told.returncode == 0, told.stderr
    holds(spark, open_lake("local"), never_killed)


@pytest.mark.soak
def test_a_run_killed_again_and_again_ends_as_if_it_never_was(
    spark: SparkSession, home: Path, files: tuple[Path, Path], never_killed: State
) -> None:
    for point in ("ledger-landing", *SILVER_POINTS, "prepared+0.2"):
        told = ended(home, "run", "--to", "silver", "--source", "superstore", *map(str, files), LAKEHOUSE_KILL_AT=point)
        assert told.returncode == -signal.SIGKILL, told.stderr
    run(*files)
    holds(spark, open_lake("local"), never_killed)
