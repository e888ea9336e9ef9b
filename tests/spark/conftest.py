"""One Spark session for all tests here, and a fresh lakehouse for each.

Every test of this folder has the marker `spark`, whether it says so or not.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.runtime.session import open_session
from lakehouse.runtime.settings import load_settings

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.spark)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The session of the product, on a home of its own: its log and warehouse folder are in no test's lakehouse."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_HOME", str(tmp_path_factory.mktemp("session")))
        # The session of a run is lean for a short life; this one lives long enough for the optimising compiler to pay.
        session = open_session(load_settings("local"), java_options=["-XX:TieredStopAtLevel=4"])
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty root of a lakehouse, the one that commands in this test would work on."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LAKEHOUSE_HOME", str(folder))
    return folder


@pytest.fixture
def lake(home: Path) -> Lake:
    """A lakehouse without data."""
    return open_lake("local")
