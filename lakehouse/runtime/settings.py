"""Settings: `conf/environments/<env>.yml`, overruled by environment variables, all validated before anything runs.

In: LAKEHOUSE_ENV (default `local`), LAKEHOUSE_HOME, LAKEHOUSE_<GROUP>__<NAME> such as
LAKEHOUSE_SPARK__DRIVER_MEMORY. Out: frozen `Settings`. Guaranteed: an unknown key or a wrong value is an
error that names the file or the variable; no secret is a setting, only the name of one.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from lakehouse.conf import conf_folder
from lakehouse.contract.strict_yaml import parse_yaml, yaml_fault
from lakehouse.errors import UsageError
from lakehouse.runtime.kafka_settings import KafkaSettings
from lakehouse.runtime.setting_findings import NO_SUCH, finding_of, unknown_variables
from lakehouse.runtime.setting_groups import (
    DELIMITER,
    PREFIX,
    CalendarSettings,
    SparkSettings,
    WarehouseSettings,
    is_key_text,
    variable_of,
)
from lakehouse.runtime.storage_settings import StorageSettings

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
NOT_IN_PATHS = frozenset("*?[]{}\\%#")
"""Characters that Spark or delta-rs do not take for themselves."""


class _Variables(EnvSettingsSource):
    """Variables; one that should be JSON and is not comes as its text, so that it is told beside all else."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


class Settings(BaseSettings):
    """Everything that differs from one place to another."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )
    env: Annotated[str, Field(description="which environment's file is read; `--env` overrules it")] = "local"
    home: Annotated[
        Path,
        Field(
            validate_default=True,
            description="where everything is kept that is not in a bucket or in Snowflake; `~` is your home folder, a "
            "relative path is below the working folder; none of `* ? [ ] { } % #` and backslash may be in its path",
        ),
    ] = Path(".lakehouse")
    spark: SparkSettings = SparkSettings()
    calendar: CalendarSettings = CalendarSettings()
    storage: StorageSettings = StorageSettings()
    warehouse: WarehouseSettings = WarehouseSettings()
    kafka: KafkaSettings = KafkaSettings()

    @field_validator("home")
    @classmethod
    def _usable(cls, given: Path) -> Path:
        if ADDRESS.match(str(given)):
            bucket = f"{variable_of('storage', 'kind')}=s3 and {variable_of('storage', 'bucket')}"
            raise ValueError(f"is an address: name a folder of this machine; a bucket is said by {bucket}")
        try:
            home = given.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError(f"{given} begins with a user that there is not: write the folder out") from error
        if faults := list(_home_faults(home)):
            raise ValueError("; ".join(faults))
        return home

    @field_validator("storage")
    @classmethod
    def _seen_by_all(cls, storage: StorageSettings, said: ValidationInfo) -> StorageSettings:
        spark = said.data.get("spark")  # not there where it is wrong itself
        cluster = isinstance(spark, SparkSettings) and not spark.master.startswith("local")
        if storage.kind == "s3" and storage.staging == "home" and cluster:
            raise ValueError(
                "as Spark runs on a cluster, its executors do not see the intermediate results below LAKEHOUSE_HOME: "
                f"set {variable_of('storage', 'staging')}=bucket"
            )
        return storage

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment variables overrule the environment's file, which comes as the arguments."""
        return _Variables(settings_cls), init_settings


def load_settings(env: str | None = None, conf: Path | None = None) -> Settings:
    """The settings of an environment.

    Args:
        env: its name; else LAKEHOUSE_ENV, else `local`.
        conf: the configuration folder; else the product's own.

    Raises:
        UsageError: there is no such environment, or something in it or in a variable is wrong; all at once.
    """
    name, folder = environment_name(env), conf or conf_folder()
    if unknown := unknown_environment(name, folder):
        raise UsageError(unknown)
    settings, findings = checked_settings(name, folder)
    if settings is None:
        raise UsageError("\n  ".join([f"the settings of {name!r} are not usable:", *findings]))
    return settings


def environment_name(env: str | None) -> str:
    """The environment that is meant: the one given, else that of LAKEHOUSE_ENV, else `local`."""
    return env or os.environ.get("LAKEHOUSE_ENV", "").strip() or "local"


def unknown_environment(name: str, conf: Path) -> str | None:
    """The sentence that says so where there is no environment of this name; else None."""
    folder = conf / "environments"
    if (folder / f"{name}.yml").is_file():
        return None
    known = ", ".join(sorted(file.stem for file in folder.glob("*.yml") if file.is_file()))
    remedy = f"set LAKEHOUSE_ENV to one of {known}" if known else f"add {name}.yml to {folder}"
    return f"there is no environment {name!r}: {remedy}"


def checked_settings(name: str, conf: Path | None) -> tuple[Settings | None, list[str]]:
    """The settings of an environment, or else all findings, each with its place in front.

    The variables are checked in any case, also where the file is missing or not YAML, or there is no `conf`.
    """
    file = f"environments/{name}.yml"
    declared, fault = _declared(conf / file) if conf else ({}, None)
    findings = [f"{variable}: {NO_SUCH}" for variable in unknown_variables(Settings)]
    findings += [f"{file}: is not a YAML file of settings: {fault}; mend it there"] if fault else []
    try:
        settings = Settings(**{**declared, "env": name})
    except ValidationError as error:
        findings += [finding_of(Settings, file, e) for e in error.errors()]
    return (None, findings) if findings else (settings.model_copy(update={"env": name}), [])


def _home_faults(home: Path) -> Iterator[str]:
    """What is wrong with where everything is to be kept."""
    try:
        if not next(folder for folder in (home, *home.parents) if folder.exists()).is_dir():
            yield f"{home} is, or lies below, a file: name a folder, or one to be made"
    except OSError as error:
        yield f"{home} cannot be looked at ({error.strerror}): name another folder"
    if patterns := sorted({*str(home)} & NOT_IN_PATHS):
        yield f"{home} has {' and '.join(patterns)} in its path, which Spark reads as a pattern: move it"


def key_file_named(name: str, conf: Path | None) -> Path | None:
    """The key file that is named for Snowflake, whatever else is wrong with the settings."""
    declared, _ = _declared(conf / f"environments/{name}.yml") if conf else ({}, None)
    said = [source.get("warehouse") for source in (declared, _Variables(Settings)())]
    warehouse = {key: value for group in said if isinstance(group, dict) for key, value in group.items()}
    file = warehouse.get("private_key_file")
    wanted = warehouse.get("kind") == "snowflake" and isinstance(file, str) and not is_key_text(file)
    return Path(str(file)) if wanted else None


def _declared(file: Path) -> tuple[dict[str, Any], str | None]:
    """What the environment's file says, nothing where it is empty or not there; and what is wrong with its form."""
    try:
        declared = parse_yaml(file.read_text(encoding="utf-8")) if file.is_file() else None
    except (OSError, yaml.YAMLError, ValueError) as error:
        return {}, yaml_fault(error)
    if declared is not None and not isinstance(declared, dict):
        return {}, "it is not a mapping of keys to values"
    return {str(key): value for key, value in (declared or {}).items()}, None
