"""`lakehouse land` killed at each of its steps and at random moments: doing it once more completes it."""

import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from lakehouse.ops.killpoints import LANDING_POINTS
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample import write_sample
from tests.kills import command, ended, leftovers, state

Objects = dict[str, bytes]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of the source, one twice under another name, and one that is none of the source."""
    folder = tmp_path_factory.mktemp("files")
    first, _ = write_sample(folder, rows=200, days=2)
    shutil.copy2(first.path, folder / f"again_{first.path.name}")
    (folder / "weather_2024-05-01T060000Z.csv").write_text("day,degrees\n2024-05-01,21\n")
    return folder


def objects(lake: Lake) -> Objects:
    found = [path for path in Path(lake.root, "bronze").rglob("*") if path.is_file()]
    return {path.name: path.read_bytes() for path in found}


def lake_of(home: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("LAKEHOUSE_HOME", str(home))
    return open_lake("local")


@pytest.fixture(scope="module")
def never_killed(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    with pytest.MonkeyPatch.context() as environment:
        lake = lake_of(tmp_path_factory.mktemp("never") / "home", environment)
    told = ended(Path(lake.root), "land", "--source", "superstore", str(files))
    assert told.returncode == 1, told.stderr  # for the file that is none of the source
    assert len(objects(lake)) == 3
    return lake


def once_more(lake: Lake, files: Path, never_killed: Lake) -> None:
    told = ended(Path(lake.root), "land", "--source", "superstore", str(files))
    assert told.returncode == 1, told.stderr
    assert state(lake) == state(never_killed)
    assert objects(lake) == objects(never_killed)
    assert leftovers(lake) == []


@pytest.mark.parametrize("point", [*LANDING_POINTS, "object-put:3"])
def test_landing_killed_at_a_step_is_completed_by_the_same_call(
    point: str, files: Path, never_killed: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lake_of(tmp_path / "home", monkeypatch)
    told = ended(tmp_path / "home", "land", "--source", "superstore", str(files), LAKEHOUSE_KILL_AT=point)
    assert told.returncode == -signal.SIGKILL
    once_more(lake, files, never_killed)


def test_a_half_written_object_is_written_anew(
    files: Path, never_killed: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lake_of(tmp_path / "home", monkeypatch)
    arguments = ("land", "--source", "superstore", str(files))
    told = ended(tmp_path / "home", *arguments, LAKEHOUSE_KILL_AT="object-put")
    assert told.returncode == -signal.SIGKILL
    (written,) = [path for path in Path(lake.root, "bronze").rglob("*") if path.is_file()]
    written.rename(f"{written}.part").write_bytes(b"Row ID,Ord")
    once_more(lake, files, never_killed)


def test_landing_killed_at_random_moments_is_completed_by_the_same_call(
    files: Path, never_killed: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    lake = lake_of(tmp_path / "home", monkeypatch)
    moments = random.Random(seed)
    for _ in range(4):
        with command(tmp_path / "home", "land", "--source", "superstore", str(files)) as process:
            time.sleep(moments.uniform(0.2, 1.0))
            process.kill()
    once_more(lake, files, never_killed)


def test_every_step_of_landing_is_one_a_test_kills_at() -> None:
    source = Path(__file__).parents[2] / "lakehouse" / "bronze" / "landing.py"
    assert [f'reached("{point}")' in source.read_text() for point in LANDING_POINTS] == [True] * len(LANDING_POINTS)
