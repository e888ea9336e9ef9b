"""A disk that is full while a batch goes into silver: one sentence, and with room the same command completes it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.cli.main import main
from lakehouse.runtime.lake import open_lake
from tests.kills import State, holds
from tests.small_disk import small_disk

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 8_000_000) as folder:
        yield folder


def run(file: Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["run", "--to", "silver", "--source", "superstore", str(file)])
    code = ended.value.code
    assert isinstance(code, int)
    return code


@pytest.mark.parametrize("free", [80_000, 120_000, 180_000])
def test_a_batch_on_a_small_disk_is_completed_when_there_is_room(
    free: int,
    spark: SparkSession,
    disk: Path,
    after_first: Path,
    files: tuple[Path, Path],
    never_killed: State,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    home = Path(shutil.copytree(after_first, disk / "home"))
    monkeypatch.setenv("LAKEHOUSE_HOME", str(home))
    with (disk / "ballast").open("wb") as ballast:
        ballast.write(bytes(shutil.disk_usage(disk).free - free))
    assert run(files[1]) == 1
    told = capfd.readouterr().err
    assert told.splitlines()[-1].startswith("error: there is no space left on the disk: make room"), told
    assert "Traceback" not in told
    (disk / "ballast").unlink()
    assert run(files[1]) == 0
    holds(spark, open_lake("local"), never_killed)
