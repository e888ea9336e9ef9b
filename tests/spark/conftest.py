"""One Spark session for all tests here, and a fresh lakehouse for each.

Every test of this folder has the marker `spark`, whether it says so or not.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.ops import plain
from lakehouse.ops.accounting import Accounting
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.runtime.session import open_session
from lakehouse.runtime.settings import load_settings
from tests.real_files import EARLIER, ONLINE_RETAIL
from tests.spark.travels import lake_at, travel

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
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):  # the JVM and its workers have them from here alone
            environment.setenv(name, "testing")
        session = open_session(load_settings("local"), small=True, lasting=True)
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture
def large(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As it is for large tables: whole modules ask for it, so that both ways are tried by many tests."""
    monkeypatch.setattr(plain, "PLAIN_BYTES", 0)
    open_session(load_settings("local"))
    yield
    open_session(load_settings("local"), small=True)


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


@pytest.fixture(scope="session")
def online_retail(
    spark: SparkSession, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Lake, list[Accounting]]:
    """A lakehouse with all of Online Retail in silver, and what it came to; not to be written to but in gold."""
    lake = lake_at(tmp_path_factory.mktemp("online_retail"), open_lake("local"))
    open_session(lake.settings)
    return lake, travel(spark, lake, "online_retail", [real_data / ONLINE_RETAIL], EARLIER)
