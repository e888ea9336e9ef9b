"""Lakehouses for tests that interrupt a run: one before it, and what every one must come to in the end."""

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.ops.verify import findings
from lakehouse.runtime.lake import open_lake
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
