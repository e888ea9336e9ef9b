"""Wrong input and wrong configuration of every kind: one clear sentence, the right exit code, nothing lost.

Through `lakehouse.cli.main.main`, as the installed command runs; none of it may start Spark.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse.bronze import ledger
from lakehouse.cli.main import main
from lakehouse.runtime import session
from lakehouse.runtime.conf import conf_folder
from lakehouse.runtime.lake import open_lake
from lakehouse.sample import write_sample

ROW = (
    "1,CA-2011-1,2011-03-01,2011-03-04,First Class,AB-1,Ann Bell,Consumer,Graz,Styria,Austria,,EU,Central,"
    "TEC-1,Technology,Phones,Phone,12.5,2,0.1,3.25,1.5,High\n"
)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """What standard error says without lines of progress."""
        return self.err.strip().removeprefix("error: ")


Command = Callable[..., Ended]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path / "home"))
    for name in ("LAKEHOUSE_ENV", "LAKEHOUSE_CONF"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def lakehouse(home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    def no_spark(*_: object) -> None:
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


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample"), rows=200, days=1)[0].path


@pytest.fixture
def file(sample: Path, tmp_path: Path) -> Path:
    """A good file, in a folder of its own."""
    (tmp_path / "files").mkdir()
    return Path(shutil.copy(sample, tmp_path / "files"))


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the configuration, in use."""
    folder = tmp_path / "conf"
    shutil.copytree(conf_folder(), folder)
    monkeypatch.setenv("LAKEHOUSE_CONF", str(folder))
    return folder


def nothing_happened(home: Path) -> bool:
    """Whether nothing has landed; that a run was tried and failed may be on record."""
    return not (home / "bronze").exists() and not (home / "ops" / "landed_files").exists()


COMMANDS = ["land", "run"]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_source_is_named_with_those_there_are(
    lakehouse: Command, home: Path, file: Path, command: str
) -> None:
    ended = lakehouse(command, "--source", "ebay", file)
    assert ended.code == 2
    assert ended.sentence == "there is no source 'ebay': known are online_retail, superstore; add one in conf/sources"
    assert nothing_happened(home)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("missing", ["no_such_file.csv", "no_such_folder/", "*.csv", "deep/**/*.csv"])
def test_a_path_that_is_not_there(lakehouse: Command, home: Path, tmp_path: Path, command: str, missing: str) -> None:
    ended = lakehouse(command, "--source", "superstore", tmp_path / missing)
    assert ended.code == 2
    assert ended.sentence == f"{tmp_path / missing} is not there: check the path"
    assert nothing_happened(home)


def test_one_missing_path_of_several_stops_the_call_before_anything_lands(
    lakehouse: Command, home: Path, file: Path
) -> None:
    assert lakehouse("land", "--source", "superstore", file, file.with_name("gone.csv")).code == 2
    assert nothing_happened(home)


def test_a_folder_without_csv_files(lakehouse: Command, home: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no sales")
    ended = lakehouse("land", "--source", "superstore", tmp_path / "empty")
    assert ended.code == 2
    assert ended.sentence == f"{tmp_path / 'empty'} holds no .csv or .csv.gz file: check the path"
    assert nothing_happened(home)


@pytest.mark.parametrize("as_of", ["yesterday", "2024-13-01", "2024-02-30T00:00:00Z", "", "01.03.2024", "1709251200"])
def test_an_as_of_that_is_no_moment(lakehouse: Command, home: Path, file: Path, as_of: str) -> None:
    ended = lakehouse("land", "--source", "superstore", "--as-of", as_of, file)
    assert ended.code == 2
    assert ended.sentence == f"--as-of {as_of!r} is no ISO 8601 moment such as 2024-03-01T06:00:00Z"
    assert nothing_happened(home)


def test_an_as_of_in_the_future(lakehouse: Command, home: Path, file: Path) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=10)
    ended = lakehouse("land", "--source", "superstore", "--as-of", ahead.isoformat(), file)
    assert ended.code == 2
    assert "lies in the future: give the moment of its extraction with --as-of" in ended.sentence
    assert f"{ahead:%Y-%m-%d %H:%M:%S} UTC" in ended.sentence
    assert nothing_happened(home)


def test_a_modification_time_in_the_future(lakehouse: Command, home: Path, file: Path) -> None:
    plain = file.rename(file.with_name("plain.csv"))
    ahead = datetime.now(UTC).timestamp() + 3_600
    os.utime(plain, (ahead, ahead))
    ended = lakehouse("land", "--source", "superstore", plain)
    assert ended.code == 2
    assert "plain.csv would speak as of" in ended.sentence
    assert "(modification time)" in ended.sentence
    assert nothing_happened(home)


def test_a_file_name_whose_as_of_is_no_moment(lakehouse: Command, home: Path, file: Path) -> None:
    named = file.rename(file.with_name("superstore_2024-13-01T060000Z.csv"))
    ended = lakehouse("land", "--source", "superstore", named)
    assert ended.code == 2
    assert ended.sentence.startswith("superstore_2024-13-01T060000Z.csv should tell its as-of")
    assert nothing_happened(home)


@pytest.mark.parametrize("arguments", [["status"], ["land", "--source", "superstore", "x.csv"], ["verify"], ["digest"]])
def test_an_unknown_environment(lakehouse: Command, home: Path, arguments: list[str]) -> None:
    ended = lakehouse("--env", "moon", *arguments)
    assert ended.code == 2
    assert ended.sentence.startswith("there is no environment 'moon': set LAKEHOUSE_ENV to one of")
    assert "local" in ended.sentence
    assert nothing_happened(home)


@pytest.mark.parametrize(
    "variable, value, told",
    [
        ("LAKEHOUSE_SPARK__DRIVER_MEMORY", "lots", "must be such as 900m or 2g (given: 'lots')"),
        ("LAKEHOUSE_SPARK__MASTER", "mesos", "must be such as local[2]"),
        ("LAKEHOUSE_SPARK__SHUFFLE_PARTITIONS", "0", "greater than or equal to 1"),
        ("LAKEHOUSE_SPARK__COLOUR", "red", "there is no such setting"),
        ("LAKEHOUSE_COLOURS__SHADE", "red", "there is no such setting"),
        ("LAKEHOUSE_CALENDAR__FIRST_YEAR", "2060", "is after last_year 2049"),
    ],
)
def test_settings_that_are_wrong(
    lakehouse: Command, home: Path, file: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    ended = lakehouse("run", "--source", "superstore", file)
    assert ended.code == 2
    assert ended.sentence.startswith("the settings of 'local' are not usable:")
    assert told in ended.sentence
    assert variable in ended.sentence or variable.endswith("FIRST_YEAR")
    assert nothing_happened(home)


@pytest.mark.parametrize(
    "name, text, told",
    [
        ("sources/superstore.yml", "source: superstore\ncolumns: [", "sources/superstore.yml: line 2"),
        ("sources/superstore.yml", "source: superstore\nsource: superstore\n", "stands twice"),
        ("sources/superstore.yml", "just a text", "sources/superstore.yml"),
        ("contracts/silver/sales.yml", "table: silver.sales\ncolour: red\n", "colour: there is no such key"),
        ("environments/local.yml", "spark: {", "local.yml is not a YAML file of settings"),
        ("environments/local.yml", "spark: {colour: red}", "spark.colour: there is no such setting"),
    ],
)
def test_yaml_that_is_wrong(
    lakehouse: Command, home: Path, file: Path, conf: Path, name: str, text: str, told: str
) -> None:
    (conf / name).write_text(text)
    ended = lakehouse("run", "--source", "superstore", file)
    assert ended.code == 2
    assert told in ended.sentence
    assert nothing_happened(home)


def test_a_configuration_folder_that_is_none(
    lakehouse: Command, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_CONF", str(tmp_path))
    ended = lakehouse("status")
    assert ended.code == 2
    assert ended.sentence == f"LAKEHOUSE_CONF is {tmp_path}, but jars.yml is not there: name a copy of conf/"


@pytest.mark.parametrize("arguments", [["fly"], ["land"], ["land", "--source", "superstore"], ["status", "--colour"]])
def test_a_command_line_that_is_none(lakehouse: Command, home: Path, arguments: list[str]) -> None:
    ended = lakehouse(*arguments)
    assert ended.code == 2
    assert "Error: " in ended.err
    assert nothing_happened(home)


def test_a_home_that_is_a_file(lakehouse: Command, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_file").write_text("here")
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path / "a_file"))
    ended = lakehouse("land", "--source", "superstore", file)
    assert ended.code == 2
    assert "LAKEHOUSE_HOME" in ended.sentence
    assert "unexpected" not in ended.sentence
    assert (tmp_path / "a_file").read_text() == "here"


REJECTED = {
    "empty.csv": (b"", "The file is empty"),
    "blanks.csv": (b"\n \n\n", "The file is empty"),
    "other_header.csv": (b"a,b,c\n1,2,3\n", "is not that of the source"),
    "broken.csv.gz": (b"\x1f\x8b\x08\x00half", "gzip data are"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a PNG image"),
    "workbook.csv": (b"PK\x03\x04" + b"\0" * 99, "a ZIP archive"),
    "noise.csv": (b"\0\1\2\3" * 99, "binary"),
}


def test_files_that_are_none_of_the_source_are_kept_and_told_and_the_others_land(
    lakehouse: Command, home: Path, tmp_path: Path, file: Path
) -> None:
    header = file.read_bytes().partition(b"\n")[0] + b"\n"
    good = {"header_only.csv": header, "good.csv": header + ROW.encode()}
    for name, data in {**good, **{name: data for name, (data, _) in REJECTED.items()}}.items():
        (file.parent / name).write_bytes(data)
    ended = lakehouse("land", "--source", "superstore", "--as-of", "2024-04-01T06:00:00Z", file.parent)
    assert ended.code == 1
    assert f"3 file(s) landed, 0 batch(es) into silver, {len(REJECTED)} file(s) rejected" in ended.out
    lake = open_lake("local")
    known = {one.file_name: one for one in ledger.read(lake)}
    assert set(known) == {*REJECTED, *good, file.name}
    for name, one in known.items():
        assert one.status == ("rejected" if name in REJECTED else "landed")
        assert Path(lake.object(one.path)).read_bytes() == (file.parent / name).read_bytes()
        if name in REJECTED:
            assert REJECTED[name][1] in (one.reason or "")
            assert name in ended.out
    assert known["header_only.csv"].records == 0

    again = lakehouse("land", "--source", "superstore", "--as-of", "2024-04-01T06:00:00Z", file.parent)
    assert again.code == 1  # still rejected; what landed is a no-op that says so
    assert again.out.count("landed before, on") == 3
    assert len(ledger.read(lake)) == len(known)


def test_a_file_twice_is_a_no_op_that_says_so(lakehouse: Command, home: Path, file: Path) -> None:
    assert lakehouse("land", "--source", "superstore", file).code == 0
    again = lakehouse("land", "--source", "superstore", file)
    assert again.code == 0
    assert "landed before, on" in again.out
    assert "0 file(s) landed" in again.out


def test_the_same_name_with_other_bytes_is_a_new_file_and_said(lakehouse: Command, home: Path, file: Path) -> None:
    assert lakehouse("land", "--source", "superstore", file).code == 0
    file.write_bytes(file.read_bytes() + ROW.encode().replace(b"1,CA", b"999999,CA"))
    again = lakehouse("land", "--source", "superstore", file)
    assert again.code == 0
    assert "a file of this name with other content has landed before" in again.out
    assert len(ledger.read(open_lake("local"))) == 2
