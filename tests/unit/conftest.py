"""What tests without a JVM share: an empty lakehouse, the command line called in this process, a good file."""

import shutil
from pathlib import Path

import pytest

from lakehouse.bronze.landing import land
from lakehouse.bronze.ledger import Landing
from lakehouse.cli.main import main
from lakehouse.conf import conf_folder
from lakehouse.runtime import session
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample import write_sample
from tests.unit.calls import Command, Ended


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty root of a lakehouse, the one that commands in this test would work on."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LAKEHOUSE_HOME", str(folder))
    for name in ("LAKEHOUSE_ENV", "LAKEHOUSE_CONF"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def conf(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the configuration, in use."""
    folder = tmp_path / "conf"
    shutil.copytree(conf_folder(), folder)
    monkeypatch.setenv("LAKEHOUSE_CONF", str(folder))
    return folder


@pytest.fixture
def lake(home: Path) -> Lake:
    """A lakehouse without data."""
    return open_lake("local")


@pytest.fixture
def lakehouse(home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Calls the command line as the installed command does; none of it may start Spark."""

    def no_spark(*_: object, **__: object) -> None:
        raise AssertionError("Spark was started")

    monkeypatch.setattr(session, "open_session", no_spark)

    def command(*arguments: object) -> Ended:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        told = capfd.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        assert "Traceback" not in told.err + told.out
        return Ended(code=code, out=told.out, err=told.err)

    return command


@pytest.fixture(scope="session")
def good_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("good"), rows=200, days=1)[0].path


@pytest.fixture
def file(good_file: Path, tmp_path: Path) -> Path:
    """A good file, in a folder of its own."""
    (tmp_path / "files").mkdir()
    return Path(shutil.copy(good_file, tmp_path / "files"))


@pytest.fixture
def landed(lake: Lake, file: Path) -> Landing:
    """The one landing of a lakehouse."""
    (outcome,) = land(lake, lake.source("superstore"), [file])
    return outcome.landing


@pytest.fixture
def no_session(lakehouse: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line with a session that nobody asks anything."""
    monkeypatch.setattr(session, "open_session", lambda *_, **__: None)
    return lakehouse
