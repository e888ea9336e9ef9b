"""What tests of Kafka share: one broker for all that only ask it, a home for a broker of a test's own, the commands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.streams import broker
from tests.unit.calls import Command, calling


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a lakehouse whose broker runs, for the tests of a session."""
    home = tmp_path_factory.mktemp("served") / "a home"
    broker.start(str(home))
    yield home
    broker.stop(str(home))


def use(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it the home that commands in this test work on."""
    monkeypatch.setenv("LAKEHOUSE_HOME", str(home))
    for name in ("LAKEHOUSE_ENV", "LAKEHOUSE_CONF"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shared(served: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of the broker for all, in use."""
    use(served, monkeypatch)
    return served


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home without a broker yet, of a name that is none of the easy ones; a broker left behind is stopped."""
    folder = tmp_path / 'it\'s a hömé, = of "data"'
    use(folder, monkeypatch)
    yield folder
    broker.stop(str(folder))


@pytest.fixture
def lakehouse(capfd: pytest.CaptureFixture[str]) -> Command:
    """Calls the command line as the installed command does."""
    return calling(capfd)
