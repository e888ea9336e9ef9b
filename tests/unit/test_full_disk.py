"""A disk that is full while files land: one sentence, nothing half written, and the same call completes it."""

import errno
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.runtime import local_store
from lakehouse.runtime.lake import open_lake
from lakehouse.sample import write_sample
from tests.kills import leftovers, state
from tests.small_disk import small_disk

NO_SPACE = "error: there is no space left on the disk: make room and run the command again; nothing is lost"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_sample(folder, rows=1500, days=2)
    return folder


def land(home: Path, files: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("LAKEHOUSE_HOME", str(home))
    with pytest.raises(SystemExit) as ended:
        main(["land", "--source", "superstore", str(files)])
    code = ended.value.code
    assert isinstance(code, int)
    return code


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 1_000_000) as folder:
        yield folder


@pytest.mark.parametrize("free", [0, 8_192, 49_152, 100_000, 300_000])
def test_landing_on_a_small_disk_is_completed_when_there_is_room(
    free: int,
    disk: Path,
    files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (disk / "ballast").open("wb") as ballast:
        ballast.write(bytes(shutil.disk_usage(disk).free - free))
    assert land(disk / "home", files, monkeypatch) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[-1] == NO_SPACE
    assert [line for line in told[:-1] if not line.startswith("bronze: ")] == []
    (disk / "ballast").unlink()
    if (disk / "home").exists():
        assert leftovers(open_lake("local")) == []
    assert land(disk / "home", files, monkeypatch) == 0
    found = state(open_lake("local"))
    assert land(tmp_path / "roomy", files, monkeypatch) == 0
    assert found == state(open_lake("local"))


def test_half_an_object_does_not_keep_the_room_it_took(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same where no small disk can be made: the error is made up, all else is real."""

    def no_space(source: Path, part: Path) -> str:
        part.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(part))

    with monkeypatch.context() as patched:
        patched.setattr(local_store, "_copied", no_space)
        assert land(tmp_path, files, monkeypatch) == 1
    assert capsys.readouterr().err.splitlines()[-1] == NO_SPACE
    assert leftovers(open_lake("local")) == []
    assert land(tmp_path, files, monkeypatch) == 0
    assert {row["status"] for row in state(open_lake("local"))["ops.landed_files"]} == {"landed"}


def test_no_space_is_one_sentence_whoever_says_it() -> None:
    from lakehouse.runtime.explained import explained

    for error in (
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("An error occurred while calling o1.parquet.\n: java.io.IOException: No space left on device"),
    ):
        assert f"error: {explained(error)}" == NO_SPACE


def test_small_disk_is_small(disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        (disk / "much").write_bytes(bytes(2_000_000))
    assert subprocess.run(["mountpoint", "-q", str(disk)], check=False).returncode == 0
