"""The jobs under spark-submit, shipped as a zip, from another folder: what they do is what the command line does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.runtime import jars
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample import write_sample
from tests.kills import PATIENCE, ROOT, ended, environment, leftovers, state

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]
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


def submitted(package: Path, home: Path, job: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A job under spark-submit, as the README says it, from a folder that holds nothing."""
    elsewhere = home.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    variables = environment(home, PYSPARK_PYTHON=sys.executable)
    del variables["PYTHONPATH"]
    options = ["--driver-class-path", jars.class_path(), "--py-files", str(package), "--driver-memory", "1g"]
    return subprocess.run(
        [str(SUBMIT), *options, str(ROOT / "jobs" / job), *arguments],
        cwd=elsewhere,
        env=variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_jobs_do_what_the_command_line_does(package: Path, files: Path, tmp_path: Path) -> None:
    by_command, by_job = lake_at(tmp_path / "command"), lake_at(tmp_path / "job")
    asked = ("--source", "superstore")
    ended(Path(by_command.root), "land", *asked, str(files))
    landed = submitted(package, Path(by_job.root), "land_csv.py", "--env", "local", *asked, "--debug", str(files))
    assert landed.returncode == 0, landed.stdout + landed.stderr
    assert f"lakehouse is {package}/lakehouse\n" in landed.stdout
    assert "2 file(s) landed" in landed.stdout
    assert "Running Spark" not in landed.stderr, "landing starts no Spark session"
    assert not Path(by_job.root, "silver").exists()

    expected = json.loads(ended(Path(by_command.root), "run", *asked, "--json").stdout)
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
