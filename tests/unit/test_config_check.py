"""`lakehouse config check`: whatever is wrong with the configuration is told with place and remedy, all at once."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.care import key_file
from lakehouse.runtime.jar_list import listed
from tests.unit.calls import Command, Ended
from tests.unit.wrong_configurations import (
    FILES,
    JARS,
    KEY,
    KEY_FILE,
    LOCAL,
    LOG,
    SALES,
    SECRET,
    SHOP,
    SNOWFLAKE,
    VARIABLES,
)

REMEDY = re.compile(
    r"\b(set|name|leave|mend|write|must|should|move|copy|change|correct|give|save|add|remove|chmod|point)\b"
)


@pytest.fixture
def key(tmp_path: Path, conf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key file kept as it should be, named by settings that name Snowflake."""
    for variable, value in {**SNOWFLAKE, KEY_FILE: str(tmp_path / "key.p8")}.items():
        monkeypatch.setenv(variable, value)
    (tmp_path / "key.p8").write_text(KEY)
    (tmp_path / "key.p8").chmod(0o600)
    return tmp_path / "key.p8"


def replaced(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{old!r} must stand in {file}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def tree(folder: Path) -> dict[Path, int]:
    """Everything below a folder, with when it was changed."""
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def findings(ended: Ended) -> list[tuple[str, str]]:
    """Place and sentence of each finding, of which each must hold what a finding promises."""
    document = json.loads(ended.out)
    found = [(one["place"], one["told"]) for one in document["findings"]]
    assert (ended.code, document["ok"], ended.err) == ((2, False, "") if found else (0, True, ""))
    for place, told in found:
        assert place
        assert "\n" not in told
        assert REMEDY.search(told), f"{told!r} has no remedy"
    return found


@pytest.mark.parametrize("variables, place, told", VARIABLES.values(), ids=VARIABLES)
def test_a_variable_that_is_wrong(
    lakehouse: Command,
    conf: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    place: str,
    told: str,
) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value.replace("{tmp}", str(tmp_path)))
    before = tree(tmp_path)
    ended = lakehouse("config", "check", "--json")
    ((at, sentence),) = findings(ended)
    assert at == place
    assert told.replace("{tmp}", str(tmp_path)) in sentence
    assert SECRET not in ended.out
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name, text, told", FILES.values(), ids=FILES)
def test_a_file_that_is_wrong(
    lakehouse: Command,
    conf: Path,
    tmp_path: Path,
    name: str,
    text: str | bytes | tuple[str, str] | None,
    told: str,
) -> None:
    if text is None:
        (conf / name).unlink()
    elif isinstance(text, tuple):
        replaced(conf / name, *text)
    else:
        (conf / name).write_bytes(text.encode() if isinstance(text, str) else text)
    before = tree(tmp_path)
    found = findings(lakehouse("config", "check", "--json"))
    assert any(told in sentence for place, sentence in found if place == name), found
    assert tree(tmp_path) == before


def loose(key: Path) -> None:
    key.chmod(0o640)


def not_a_key(key: Path) -> None:
    key.write_text(f"{SECRET}\n{KEY}")


def locked(key: Path) -> None:
    key.write_text(KEY.replace("BEGIN PRIVATE", "BEGIN ENCRYPTED PRIVATE"))


@pytest.mark.parametrize(
    "spoil, told",
    [
        (loose, "may be used by others than its owner: chmod 600"),
        (not_a_key, "is not a private key in PEM"),
        (locked, "has a passphrase"),
    ],
)
def test_a_key_file_that_is_wrong(lakehouse: Command, key: Path, spoil: Callable[[Path], None], told: str) -> None:
    spoil(key)
    ended = lakehouse("config", "check", "--json")
    ((place, sentence),) = findings(ended)
    assert place == KEY_FILE
    assert sentence.startswith((f"{key} {told}", f"the key in {key} {told}"))
    assert SECRET not in ended.out + lakehouse("config", "check").out


def test_a_key_file_that_cannot_be_read(lakehouse: Command, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> None:
        raise PermissionError(13, "Permission denied", str(key))

    monkeypatch.setattr(key_file, "_content_faults", refused)
    ((place, sentence),) = findings(lakehouse("config", "check", "--json"))
    assert place == KEY_FILE
    assert sentence.startswith(f"{key} cannot be read (Permission denied): give this user the right")


def test_a_sound_key_file_is_no_finding(lakehouse: Command, key: Path) -> None:
    ended = lakehouse("config", "check", "--json")
    assert findings(ended) == []
    assert SECRET not in ended.out


def test_a_key_file_named_in_the_environment_s_file_is_told_there(
    lakehouse: Command, key: Path, conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_FILE)
    replaced(conf / LOCAL, "kind: local", "private_key_file: no.p8\n  kind: local")
    ((place, told),) = findings(lakehouse("config", "check", "--json"))
    assert place == LOCAL
    assert told.startswith("warehouse.private_key_file: there is no key file no.p8: ")


@pytest.mark.parametrize("folder", ["contracts", "sources"])
def test_a_folder_of_the_configuration_that_is_missing(lakehouse: Command, conf: Path, folder: str) -> None:
    shutil.rmtree(conf / folder)
    ((place, told),) = findings(lakehouse("config", "check", "--json"))
    assert (place, told.partition(";")[0]) == (folder, f"there is no folder {conf / folder}")


@pytest.mark.parametrize("name", [SALES, SHOP, LOG, JARS])
def test_a_file_that_cannot_be_read(lakehouse: Command, conf: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def refused(path: Path, *arguments: object, **named: object) -> object:
        if path == conf / name:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refused)
    ((place, told),) = findings(lakehouse("config", "check", "--json"))
    assert place == name
    assert "cannot be read (Permission denied)" in told


def test_a_source_without_a_python_module(lakehouse: Command, conf: Path) -> None:
    shutil.copy(conf / SHOP, conf / "sources" / "corner.yml")
    replaced(conf / "sources" / "corner.yml", "source: superstore", "source: corner")
    ((place, told),) = findings(lakehouse("config", "check", "--json"))
    assert place == "sources/corner.yml"
    assert "write to_sales(rows) in lakehouse/silver/sources/corner.py" in told


def test_nothing_hides_anything_else(
    lakehouse: Command, conf: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key.unlink()
    monkeypatch.setenv("LAKEHOUSE_SPARK", "yarn")
    monkeypatch.setenv("LAKEHOUSE_CALENDAR__LAST_YEAR", "soon")
    monkeypatch.setenv("LAKEHOUSE_HOME", str(conf / JARS))
    monkeypatch.setenv("LAKEHOUSE_SPRAK__MASTER", "yarn")
    (conf / LOCAL).write_text("spark: {")
    (conf / SALES).write_text("table: [")
    replaced(conf / SHOP, "source:", "colour: red\nsource:")
    replaced(conf / JARS, "sha256: 27d4", "sha256: 27D4")
    replaced(conf / JARS, "sha256: c467", "sha256: C467")
    (conf / LOG).unlink()
    places = [place for place, _ in findings(lakehouse("config", "check", "--json"))]
    assert sorted(places) == sorted(
        [
            *("LAKEHOUSE_SPARK", "LAKEHOUSE_CALENDAR__LAST_YEAR", "LAKEHOUSE_HOME", "LAKEHOUSE_SPRAK__MASTER"),
            *(KEY_FILE, LOCAL, SALES, SHOP, JARS, JARS, LOG),
        ]
    )


def test_an_unknown_environment_and_no_conf_leave_the_variables_checked(
    lakehouse: Command, conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK__MASTER", "here")
    found = findings(lakehouse("config", "check", "--env", "moon", "--json"))
    assert [place for place, _ in found] == ["--env", "LAKEHOUSE_SPARK__MASTER"]
    monkeypatch.setenv("LAKEHOUSE_CONF", str(conf / "contracts"))
    found = findings(lakehouse("config", "check", "--json"))
    assert [place for place, _ in found] == ["LAKEHOUSE_CONF", "LAKEHOUSE_SPARK__MASTER"]


def test_a_sound_configuration_says_what_there_is(lakehouse: Command, conf: Path, home: Path) -> None:
    ended = lakehouse("config", "check")
    assert (ended.code, ended.err) == (0, "")
    jars = len(listed(conf))
    assert ended.out == f"the configuration of 'local' is sound: 16 contracts, 2 sources, {jars} jars, from {conf}\n"
    document = json.loads(lakehouse("config", "check", "--json").out)
    assert document == {"ok": True, "environment": "local", "findings": []}
    assert not home.exists()


def test_an_environment_is_named_before_the_command_or_after_it(lakehouse: Command, conf: Path) -> None:
    shutil.copy(conf / LOCAL, conf / "environments" / "shop.yml")
    for arguments in (["--env", "shop", "config", "check"], ["--env", "moon", "config", "check", "--env", "shop"]):
        assert lakehouse(*arguments).out.startswith("the configuration of 'shop' is sound")


def test_on_a_terminal_a_finding_is_a_line(lakehouse: Command, conf: Path) -> None:
    (conf / LOCAL).write_text("spark: {hue: red}")
    ended = lakehouse("config", "check")
    assert (ended.code, ended.err) == (2, "")
    assert ended.out.splitlines() == [
        "environments/local.yml: spark.hue: there is no such setting: correct its name, or leave it out",
        "1 finding(s) in the configuration of 'local'; mend them and check again",
    ]
