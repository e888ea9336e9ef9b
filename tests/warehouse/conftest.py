"""What tests of the warehouse share: a lakehouse of its own for each, and one with a server for a whole module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.publish import emulator
from lakehouse.runtime.lake import Lake, open_lake


def lake_in(home: Path) -> Lake:
    """A lakehouse at a home, by the settings of `local`."""
    with pytest.MonkeyPatch.context() as variables:
        variables.setenv("LAKEHOUSE_HOME", str(home))
        return open_lake("local")


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """A lakehouse without data, in a folder with blanks and a quote in its name; a server left behind is stopped."""
    home = tmp_path / "it's a home"
    monkeypatch.setenv("LAKEHOUSE_HOME", str(home))
    for name in ("LAKEHOUSE_ENV", "LAKEHOUSE_CONF"):
        monkeypatch.delenv(name, raising=False)
    yield lake_in(home)
    emulator.stop(str(home))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lakehouse whose warehouse has a server, for the tests of one module."""
    lake = lake_in(tmp_path_factory.mktemp("served") / "a home")
    there = lake.settings.warehouse
    emulator.start(lake.root, there.database, there.schema_name)
    yield lake
    emulator.stop(lake.root)
