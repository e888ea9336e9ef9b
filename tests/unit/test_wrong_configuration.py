"""Wrong settings, YAML and folders: one clear sentence, the right exit code, nothing lost."""

from pathlib import Path

import pytest

from tests.unit.calls import Command, nothing_happened


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
        ("environments/local.yml", "spark: {", "local.yml: is not a YAML file of settings"),
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


def test_a_home_that_is_a_file(lakehouse: Command, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_file").write_text("here")
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path / "a_file"))
    ended = lakehouse("land", "--source", "superstore", file)
    assert ended.code == 2
    assert "LAKEHOUSE_HOME" in ended.sentence
    assert "unexpected" not in ended.sentence
    assert (tmp_path / "a_file").read_text() == "here"
