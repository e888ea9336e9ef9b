"""Settings: from an environment's file and variables; what is wrong is told by file or variable, all at once."""

import os
from pathlib import Path

import pytest

from lakehouse.conf import conf_folder
from lakehouse.errors import UsageError
from lakehouse.runtime.settings import Settings, load_settings
from tests.unit.wrong_configurations import PRODUCTION


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.upper().startswith("LAKEHOUSE_")]:
        monkeypatch.delenv(name)


def settings_of(tmp_path: Path, text: str, env: str = "test") -> Settings:
    folder = tmp_path / "environments"
    folder.mkdir(exist_ok=True)
    (folder / "test.yml").write_text(text, encoding="utf-8")
    return load_settings(env, tmp_path)


def findings_of(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        settings_of(tmp_path, text)
    assert caught.value.exit_code == 2
    head, *findings = str(caught.value).splitlines()
    assert head == "the settings of 'test' are not usable:"
    return [finding.strip() for finding in findings]


def test_the_product_s_own_environments_are_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    files = sorted((conf_folder() / "environments").glob("*.yml"))
    assert [file.stem for file in files] == ["dev", "local", "prod"]
    for file in files:
        with monkeypatch.context() as said:
            for variable, value in (PRODUCTION if file.stem == "prod" else {}).items():
                said.setenv(variable, value)
            assert load_settings(file.stem).env == file.stem


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "")
    assert (settings.env, settings.spark.master, settings.calendar.last_year) == ("test", "local[2]", 2049)


def test_a_variable_overrules_the_file_and_leaves_the_rest_of_its_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK__DRIVER_MEMORY", "3g")
    settings = settings_of(tmp_path, "spark: {driver_memory: 1g, shuffle_partitions: 5}")
    assert (settings.spark.driver_memory, settings.spark.shuffle_partitions) == ("3g", 5)


def test_the_environment_comes_from_the_argument_then_the_variable_then_is_local(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_of(tmp_path, "")
    (tmp_path / "environments" / "other.yml").write_text("", encoding="utf-8")
    monkeypatch.setenv("LAKEHOUSE_ENV", "other")
    assert load_settings(None, tmp_path).env == "other"
    assert load_settings("test", tmp_path).env == "test"
    monkeypatch.setenv("LAKEHOUSE_ENV", " ")
    with pytest.raises(UsageError, match="there is no environment 'local': set LAKEHOUSE_ENV to one of other, test"):
        load_settings(None, tmp_path)


def test_an_unknown_key_in_the_file_is_found_with_its_path(tmp_path: Path) -> None:
    assert findings_of(tmp_path, "spark: {driver_memroy: 2g}\nsprak: {}") == [
        "environments/test.yml: spark.driver_memroy: there is no such setting: correct its name, or leave it out",
        "environments/test.yml: sprak: there is no such setting: correct its name, or leave it out",
    ]


def test_a_wrong_value_in_a_variable_is_found_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK__DRIVER_MEMORY", "2 GB")
    assert findings_of(tmp_path, "") == ["LAKEHOUSE_SPARK__DRIVER_MEMORY: must be such as 900m or 2g (given: '2 GB')"]


@pytest.mark.parametrize("value, shown", [("x" * 15, f" (given: '{'x' * 15}')"), ("x" * 16, "")])
def test_a_value_as_long_as_a_credential_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, shown: str
) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK__DRIVER_MEMORY", value)
    assert findings_of(tmp_path, "") == [f"LAKEHOUSE_SPARK__DRIVER_MEMORY: must be such as 900m or 2g{shown}"]


def test_a_variable_in_small_letters_is_named_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("lakehouse_calendar__first_year", "soon")
    (found,) = findings_of(tmp_path, "")
    assert found.startswith("lakehouse_calendar__first_year: must be a whole number")


def test_a_variable_of_a_setting_that_there_is_not_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK__DRIVER_MEMROY", "2g")
    monkeypatch.setenv("LAKEHOUSE_SPRAK__MASTER", "yarn")
    assert findings_of(tmp_path, "") == [
        "LAKEHOUSE_SPRAK__MASTER: there is no such setting: correct its name, or leave it out",
        "LAKEHOUSE_SPARK__DRIVER_MEMROY: there is no such setting: correct its name, or leave it out",
    ]


def test_a_whole_group_in_a_variable_that_is_no_json_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK", "yarn")
    (found,) = findings_of(tmp_path, "")
    assert found.startswith("LAKEHOUSE_SPARK: must be a group of settings")
    assert found.endswith("or variables LAKEHOUSE_SPARK__NAME")


def test_two_settings_that_contradict_each_other_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings_of(tmp_path, "calendar: {first_year: 2050, last_year: 2049}") == [
        "environments/test.yml: calendar: first_year 2050 is after last_year 2049: change one of them"
    ]
    monkeypatch.setenv("LAKEHOUSE_CALENDAR__FIRST_YEAR", "2050")
    assert findings_of(tmp_path, "") == [
        "LAKEHOUSE_CALENDAR__FIRST_YEAR: first_year 2050 is after last_year 2049: change one of them"
    ]


def test_all_findings_come_in_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK__MASTER", "here")
    found = findings_of(tmp_path, "spark: {shuffle_partitions: 0}\ncalendar: {first_year: x}\nhouse: 1")
    assert [one.partition(": ")[0] for one in found] == [
        "LAKEHOUSE_SPARK__MASTER",
        "environments/test.yml",
        "environments/test.yml",
        "environments/test.yml",
    ]


@pytest.mark.parametrize(
    "text, told",
    [
        ("spark: [", "line 1, column 9: while parsing a flow node expected the node content"),
        ("spark: {}\nspark: {}", "line 2, column 1: the key 'spark' stands twice"),
        ("- a", "it is not a mapping of keys to values"),
        ("hello", "it is not a mapping of keys to values"),
    ],
)
def test_a_file_that_is_no_yaml_of_settings_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings_of(tmp_path, text)
    assert f"environments/test.yml: is not a YAML file of settings: {told}" in str(caught.value)


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    settings_of(tmp_path, "")
    (tmp_path / "environments" / "test.yml").write_bytes(b"home: \xfc\n")
    with pytest.raises(UsageError, match=r"test\.yml: is not a YAML file of settings: 'utf-8' codec can't decode"):
        load_settings("test", tmp_path)


def test_a_tilde_in_the_home_is_the_user_s_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("LAKEHOUSE_HOME", "~/lake")
    assert settings_of(tmp_path, "").home == Path("/home/someone/lake")


@pytest.mark.parametrize("name", ["a[b]", "a*", "{a,b}", "50%", "a#b", "a\\b", "why?"])
def test_a_home_that_spark_would_take_for_a_pattern_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path / name / "lake"))
    with pytest.raises(UsageError, match="reads as a pattern: move it"):
        settings_of(tmp_path, "")


def test_a_home_may_have_blanks_and_letters_of_any_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path / "an é & 'it' (1)"))
    assert settings_of(tmp_path, "").home == tmp_path / "an é & 'it' (1)"


def test_a_relative_home_is_below_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_of(tmp_path, "").home == tmp_path / ".lakehouse"


def test_an_empty_variable_is_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAKEHOUSE_HOME", "")
    assert settings_of(tmp_path, "").home == tmp_path / ".lakehouse"


KEY = "account: ORG-ACCOUNT, user: me, private_key_file: ~/key.p8, role: LOADER, warehouse: SMALL"


def test_the_warehouse_is_local_unless_said_otherwise(tmp_path: Path) -> None:
    there = settings_of(tmp_path, "").warehouse
    assert (there.kind, there.database, there.schema_name, there.place) == (
        "local",
        "RETAIL",
        "GOLD",
        "local RETAIL.GOLD",
    )


def test_snowflake_is_named_by_account_user_key_file_role_and_warehouse(tmp_path: Path) -> None:
    there = settings_of(tmp_path, f"warehouse: {{kind: snowflake, {KEY}, schema: mart}}").warehouse
    assert (there.role, there.warehouse, str(there.private_key_file)) == ("LOADER", "SMALL", "~/key.p8")
    assert there.place == "ORG-ACCOUNT RETAIL.MART"


def test_what_snowflake_needs_and_has_not_is_told_by_variable(tmp_path: Path) -> None:
    (finding,) = findings_of(tmp_path, "warehouse: {kind: snowflake, user: me, role: LOADER}")
    assert finding == (
        "environments/test.yml: warehouse: kind is snowflake, but this is not said: set LAKEHOUSE_WAREHOUSE__ACCOUNT, "
        "LAKEHOUSE_WAREHOUSE__PRIVATE_KEY_FILE, LAKEHOUSE_WAREHOUSE__WAREHOUSE"
    )


def test_what_only_snowflake_has_contradicts_local(tmp_path: Path) -> None:
    (finding,) = findings_of(tmp_path, "warehouse: {user: me, role: LOADER}")
    assert finding == (
        "environments/test.yml: warehouse: user, role: only Snowflake has that, but kind is local: set "
        "LAKEHOUSE_WAREHOUSE__KIND=snowflake, or leave them out"
    )


def test_a_name_that_would_be_written_into_sql_must_be_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_WAREHOUSE__SCHEMA", "GOLD; DROP")
    findings = findings_of(tmp_path, "warehouse: {database: 'a\"b'}")
    assert findings == [
        "environments/test.yml: warehouse.database: must be letters, digits and _, not beginning with a digit "
        "(given: 'a\"b')",
        "LAKEHOUSE_WAREHOUSE__SCHEMA: must be letters, digits and _, not beginning with a digit (given: 'GOLD; DROP')",
    ]
