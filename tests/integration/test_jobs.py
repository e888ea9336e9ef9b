"""The jobs under spark-submit, shipped as a zip, from another folder: what they do is what the command line does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.runtime import jars
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample import write_sample
from tests.kills import PATIENCE, ROOT, ended, environment, leftovers, recorded_jvm, state

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]
NOBODY = "spark://127.0.0.1:1"
"""A master that is not there: a job that opened a session would fail."""
SUBMIT = Path(sys.executable).with_name("spark-submit")


@pytest.fixture(scope="module")
def package() -> Path:
    """What `make package` builds."""
    subprocess.run([sys.executable, str(ROOT / "scripts" / "package.py")], check=True, stdout=subprocess.DEVNULL)
    return ROOT / "dist" / "lakehouse.zip"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_sample(folder, rows=200, days=2)
    return folder


def lake_at(home: Path) -> Lake:
    with pytest.MonkeyPatch.context() as variables:
        variables.setenv("LAKEHOUSE_HOME", str(home))
        return open_lake("local")


def submit(
    package: Path, home: Path, job: str, *arguments: str, master: str = "local[2]", **variables: str
) -> subprocess.Popen[str]:
    """A job under spark-submit, from a folder that holds nothing, with no other way to the package than the zip."""
    elsewhere = home.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    inherited = environment(home, PYSPARK_PYTHON=sys.executable, **variables)
    del inherited["PYTHONPATH"]
    options = ["--master", master, "--driver-class-path", jars.class_path(), "--py-files", str(package)]
    return subprocess.Popen(
        [str(SUBMIT), *options, str(ROOT / "jobs" / job), *arguments],
        cwd=elsewhere,
        env=inherited,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def submitted(package: Path, home: Path, *job: str, master: str = "local[2]") -> subprocess.CompletedProcess[str]:
    """The same, run to its end."""
    with submit(package, home, *job, master=master) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(job, process.returncode, out, err)


def test_the_jobs_do_what_the_command_line_does(package: Path, files: Path, tmp_path: Path) -> None:
    by_command, by_job = lake_at(tmp_path / "command"), lake_at(tmp_path / "job")
    asked = ("--source", "superstore")
    ended(Path(by_command.root), "land", *asked, str(files))
    landing = ("land_csv.py", "--env", "local", *asked, "--debug", str(files))
    landed = submitted(package, Path(by_job.root), *landing, master=NOBODY)
    assert landed.returncode == 0, landed.stdout + landed.stderr
    assert f"lakehouse is {package}/lakehouse\n" in landed.stdout
    assert "2 file(s) landed" in landed.stdout
    assert not Path(by_job.root, "silver").exists()

    expected = json.loads(ended(Path(by_command.root), "run", "--to", "silver", *asked, "--json").stdout)
    done = submitted(package, Path(by_job.root), "bronze_to_silver.py", "--env", "local", *asked, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert [told["ok"], told["files"], len(told["batches"])] == [True, [], len(expected["batches"])]
    assert state(by_job) == state(by_command)
    assert leftovers(by_job) == []


def test_a_job_ends_with_the_exit_code_and_the_sentence_of_its_error(package: Path, tmp_path: Path) -> None:
    told = submitted(package, tmp_path / "home", "bronze_to_silver.py", "--source", "nowhere")
    assert told.returncode == 2
    assert told.stdout.startswith("error: there is no source 'nowhere': known are online_retail, superstore")
    assert "Traceback" not in told.stdout + told.stderr


def test_the_job_into_silver_takes_no_files(package: Path, files: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, str(ROOT / "jobs" / "bronze_to_silver.py"), "--source", "superstore", str(files)],
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert "unexpected extra argument" in told.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.soak
def test_a_job_that_is_killed_has_recorded_the_jvm_of_spark_submit(package: Path, files: Path, tmp_path: Path) -> None:
    """spark-submit becomes the JVM and starts Python: the driver's JVM is the parent, not a child."""
    home, asked = tmp_path / "home", ("--source", "superstore")
    assert ended(home, "land", *asked, str(files)).returncode == 0
    with submit(package, home, "bronze_to_silver.py", *asked, LAKEHOUSE_KILL_AT="merged") as process:
        process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert recorded_jvm(home) == process.pid
    assert ended(home, "run", "--to", "silver", *asked).returncode == 0
    assert leftovers(lake_at(home)) == []
    assert {row["status"] for row in state(lake_at(home))["ops.row_accounting"]} == {"done"}
