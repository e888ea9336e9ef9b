"""Lakehouses for tests that interrupt a run: one before it, and what every one must come to in the end."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.care.verify import findings
from lakehouse.gold.release import GOLD_TABLES, Release, newest
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample import write_sample
from tests.kills import State, leftovers, run, state


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A first file of new lines alone; a second one with corrections, repetitions, blanks and bad rows."""
    first, second = write_sample(tmp_path_factory.mktemp("files"), rows=300, days=2)
    assert first.new
    assert second.corrections
    assert second.redelivered
    assert second.duplicates
    assert second.bad
    return first.path, second.path


@pytest.fixture(scope="session")
def after_first(spark: SparkSession, files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a lakehouse that holds the first file; tests copy it."""
    home = tmp_path_factory.mktemp("first") / "home"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_HOME", str(home))
        run(files[0])
    return home


@pytest.fixture(scope="session")
def never_killed(
    spark: SparkSession, files: tuple[Path, Path], after_first: Path, tmp_path_factory: pytest.TempPathFactory
) -> State:
    """The state after both files, each brought to silver in one go, with every promise checked."""
    home = tmp_path_factory.mktemp("never") / "home"
    shutil.copytree(after_first, home)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_HOME", str(home))
        run(files[1])
        lake = open_lake("local")
    assert [one for one in findings(lambda: spark, lake, rebuild=True) if not one.ok] == []
    assert leftovers(lake) == []
    found = state(lake)
    assert all(found.values()), "each table has rows that could differ"
    return found


@pytest.fixture
def begun(home: Path, after_first: Path) -> Path:
    """A copy of the lakehouse that holds the first file."""
    return Path(shutil.copytree(after_first, home))


@contextmanager
def copied(of: Path, home: Path) -> Iterator[Lake]:
    """A copy of a lakehouse, the one that `run` works on."""
    shutil.copytree(of, home)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_HOME", str(home))
        yield open_lake("local")


def release_of(lake: Lake) -> Release:
    """The newest release of a run that left nothing behind."""
    release = newest(lake)
    assert release is not None
    assert leftovers(lake) == []
    return release


@pytest.fixture(scope="session")
def third(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that comes after `files`: late lines, which split versions."""
    return write_sample(tmp_path_factory.mktemp("third"), rows=300, days=3)[-1].path


@pytest.fixture(scope="session")
def released(
    spark: SparkSession, files: tuple[Path, Path], after_first: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The root of a lakehouse with a release of the first file, and the second one in silver; tests copy it."""
    home = tmp_path_factory.mktemp("released") / "home"
    with copied(after_first, home) as lake:
        run(to="gold")
        assert leftovers(lake) == []
        run(files[1])
    return home


@pytest.fixture(scope="session")
def stepped(spark: SparkSession, released: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Release]:
    """The lakehouse, never killed, after a step from there, which changed every table that a step can change."""
    home = tmp_path_factory.mktemp("stepped") / "home"
    with copied(released, home) as lake:
        before = newest(lake)
        run(to="gold")
        release = release_of(lake)
    assert before is not None
    assert (release.kind, release.previous) == ("step", before.release_id)
    assert {name for name in GOLD_TABLES if release.digests[name] == before.digests[name]} == {"gold.dim_date"}
    return home, release


@pytest.fixture(scope="session")
def stepped_twice(
    spark: SparkSession, stepped: tuple[Path, Release], third: Path, tmp_path_factory: pytest.TempPathFactory
) -> Release:
    """The release, never killed, of one more step for the third file."""
    with copied(stepped[0], tmp_path_factory.mktemp("twice") / "home") as lake:
        run(third, to="gold")
        return release_of(lake)
