"""Jobs that fail or are interrupted: one sentence, the right exit code, and the next run completes what was begun."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.cli.main import main
from lakehouse.runtime.lake import open_lake
from lakehouse.runtime.leases import lease
from tests.kills import PATIENCE, State, command, ended, holds, recorded_jvm, run

pytestmark = pytest.mark.timeout(900)

Stop = Callable[[int, Path], None]


def failed(*arguments: str) -> int:
    """The exit code of a command in this process."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    code = end.value.code
    assert isinstance(code, int)
    return code


def test_a_failure_inside_spark_is_one_sentence_and_the_next_run_completes(
    spark: SparkSession,
    begun: Path,
    files: tuple[Path, Path],
    never_killed: State,
    capfd: pytest.CaptureFixture[str],
) -> None:
    staging = begun / "staging"
    if staging.exists():
        staging.rmdir()
    staging.write_text("a file where a folder must be")
    assert failed("run", "--to", "silver", "--source", "superstore", str(files[1])) == 1
    told = capfd.readouterr().err
    (sentence,) = [line for line in told.splitlines() if not line.startswith(("bronze: ", "silver: ", "S", "s"))]
    assert sentence.startswith("error: ")
    assert "staging" in sentence
    assert "Traceback" not in told
    with pytest.raises(Exception, match="staging"):
        main(["--debug", "run", "--to", "silver", "--source", "superstore", str(files[1])])
    staging.unlink()
    run(files[1])
    holds(spark, open_lake("local"), never_killed)


def test_without_waiting_a_held_lease_is_one_sentence_and_what_landed_stays(
    spark: SparkSession,
    begun: Path,
    files: tuple[Path, Path],
    never_killed: State,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with lease(str(begun), "silver.sales"):
        assert failed("run", "--to", "silver", "--source", "superstore", "--no-wait", str(files[1])) == 1
    told = capfd.readouterr().err.splitlines()[-1]
    assert told == (
        f"error: silver.sales is being written by process {os.getpid()}: wait for it, or leave out --no-wait"
    )
    with lease(str(begun), "ops.landed_files"):
        assert failed("land", "--source", "superstore", "--no-wait", str(files[1])) == 1
    run()
    holds(spark, open_lake("local"), never_killed)


def test_a_jvm_that_does_not_start_is_one_sentence(tmp_path: Path, files: tuple[Path, Path]) -> None:
    asked = ("run", "--to", "silver", "--source", "superstore", str(files[0]))
    told = ended(tmp_path, *asked, LAKEHOUSE_SPARK__DRIVER_MEMORY="900000g")
    assert told.returncode == 1
    assert told.stderr.splitlines()[-1].startswith("error: Spark's JVM does not start (Error occurred during")
    assert "Could not reserve enough space" in told.stderr
    assert "Traceback" not in told.stderr


def interrupt(process: int, home: Path) -> None:
    os.kill(process, signal.SIGINT)


def kill_the_jvm(process: int, home: Path) -> None:
    jvm = recorded_jvm(home)
    assert jvm is not None
    os.kill(jvm, signal.SIGKILL)


@pytest.mark.parametrize(
    "stop, code, last",
    [
        (interrupt, 130, "interrupted: nothing is lost, run the command again"),
        (kill_the_jvm, 1, "error: Spark's JVM has ended"),
    ],
    ids=["interrupted by Ctrl-C", "its JVM killed, as for want of memory"],
)
def test_a_run_that_is_stopped_says_so_in_one_sentence_and_the_next_one_completes(
    stop: Stop,
    code: int,
    last: str,
    spark: SparkSession,
    begun: Path,
    files: tuple[Path, Path],
    never_killed: State,
) -> None:
    with command(begun, "run", "--to", "silver", "--source", "superstore", str(files[1])) as process:
        assert process.stderr is not None
        said = ""
        while "silver:" not in said and process.poll() is None:
            said += process.stderr.readline()
        stop(process.pid, begun)
        _, rest = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, rest
    ours = ("bronze: ", "starting Spark", "Spark is there", "silver: ", last)
    assert [line for line in (said + rest).splitlines() if line.strip() and not line.startswith(ours)] == []
    assert rest.splitlines()[-1].startswith(last)
    run(files[1])
    holds(spark, open_lake("local"), never_killed)
