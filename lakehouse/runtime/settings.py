"""Settings: `conf/environments/<env>.yml`, overruled by environment variables, all validated before anything runs.

In: LAKEHOUSE_ENV (default `local`), LAKEHOUSE_HOME, LAKEHOUSE_<GROUP>__<NAME> such as
LAKEHOUSE_SPARK__DRIVER_MEMORY. Out: frozen `Settings`. Guaranteed: an unknown key or a wrong value is an
error that names the file or the variable; no secret is a setting, only the name of one.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from lakehouse.conf import conf_folder
from lakehouse.contract.strict_yaml import parse_yaml, yaml_fault
from lakehouse.errors import UsageError

STRICT = ConfigDict(extra="forbid", frozen=True)
PREFIX, DELIMITER = "LAKEHOUSE_", "__"


NOT_IN_PATHS = frozenset("*?[]{}\\%#")
"""Characters that Spark or delta-rs do not take for themselves."""


class SparkSettings(BaseModel):
    """How Spark runs; on a cluster spark-submit's own options say it and these do not apply."""

    model_config = STRICT
    master: Annotated[
        str,
        Field(
            pattern=r"^(local(\[(\d+|\*)\])?|spark://.+|yarn|k8s://.+)$",
            description="such as local[2], local[*], spark://…, yarn or k8s://…",
        ),
    ] = "local[2]"
    driver_memory: Annotated[str, Field(pattern=r"^\d+[mg]$", description="such as 900m or 2g")] = "2g"
    shuffle_partitions: Annotated[int, Field(ge=1, le=10_000)] = 2


class CalendarSettings(BaseModel):
    """The years that `gold.dim_date` covers, both included; dates outside are quarantined."""

    model_config = STRICT
    first_year: Annotated[int, Field(ge=1900, le=9998)] = 1990
    last_year: Annotated[int, Field(ge=1900, le=9998)] = 2049
    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)] = 1
    """A fiscal year has the number of the calendar year it ends in; 1 makes the two the same."""

    @model_validator(mode="after")
    def _in_order(self) -> "CalendarSettings":
        if self.first_year > self.last_year:
            raise ValueError(f"first_year {self.first_year} is after last_year {self.last_year}")
        return self


IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
"""What a name in the warehouse may be: it is written into SQL without quotes."""
IDENTIFIER_TOLD = "letters, digits and _, not beginning with a digit"
ACCOUNT = r"^[A-Za-z0-9_.-]{1,200}$"


class WarehouseSettings(BaseModel):
    """Where gold is published: Snowflake, or its emulator below LAKEHOUSE_HOME (`kind: local`).

    A person or a service signs in with a key file; the key itself is never a setting.
    """

    model_config = ConfigDict(**STRICT, populate_by_name=True)
    kind: Literal["local", "snowflake"] = "local"
    account: Annotated[
        str | None, Field(pattern=ACCOUNT, description="Snowflake's account identifier, such as ORGANISATION-ACCOUNT")
    ] = None
    user: Annotated[str | None, Field(min_length=1)] = None
    private_key_file: Path | None = None
    role: Annotated[str | None, Field(pattern=IDENTIFIER, description=IDENTIFIER_TOLD)] = None
    warehouse: Annotated[str | None, Field(pattern=IDENTIFIER, description=IDENTIFIER_TOLD)] = None
    database: Annotated[str, Field(pattern=IDENTIFIER, description=IDENTIFIER_TOLD)] = "RETAIL"
    schema_name: Annotated[str, Field(alias="schema", pattern=IDENTIFIER, description=IDENTIFIER_TOLD)] = "GOLD"

    @model_validator(mode="after")
    def _complete(self) -> "WarehouseSettings":
        given = [name for name in OF_SNOWFLAKE if getattr(self, name) is not None]
        if self.kind == "local" and given:
            raise ValueError(
                f"{', '.join(given)}: only Snowflake has that, but kind is local: set {_variable('kind')}=snowflake, "
                "or leave them out"
            )
        missing = [_variable(name) for name in OF_SNOWFLAKE if name not in given]
        if self.kind == "snowflake" and missing:
            raise ValueError(f"kind is snowflake, but this is not said: set {', '.join(missing)}")
        return self

    @property
    def place(self) -> str:
        """Where it is, in a few words: `local RETAIL.GOLD`, `account RETAIL.GOLD`."""
        return f"{self.account or 'local'} {self.database}.{self.schema_name}".upper().replace("LOCAL ", "local ")


OF_SNOWFLAKE = ("account", "user", "private_key_file", "role", "warehouse")
"""What must be said for Snowflake, and only there."""


def _variable(name: str) -> str:
    return f"{PREFIX}WAREHOUSE{DELIMITER}{name.upper()}"


class Settings(BaseSettings):
    """Everything that differs from one place to another."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=DELIMITER, env_ignore_empty=True, extra="forbid", frozen=True
    )
    env: str = "local"
    home: Path = Path(".lakehouse")
    spark: SparkSettings = SparkSettings()
    calendar: CalendarSettings = CalendarSettings()
    warehouse: WarehouseSettings = WarehouseSettings()

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
        return env_settings, init_settings


def load_settings(env: str | None = None, conf: Path | None = None) -> Settings:
    """The settings of an environment.

    Args:
        env: its name; else LAKEHOUSE_ENV, else `local`.
        conf: the configuration folder; else the product's own.

    Raises:
        UsageError: there is no such environment, or something in it or in a variable is wrong; all at once.
    """
    name = env or os.environ.get("LAKEHOUSE_ENV", "").strip() or "local"
    folder = (conf or conf_folder()) / "environments"
    file = folder / f"{name}.yml"
    if not file.is_file():
        known = ", ".join(sorted(f.stem for f in folder.glob("*.yml")))
        raise UsageError(f"there is no environment {name!r}: set LAKEHOUSE_ENV to one of {known}")
    findings = [f"{name}: there is no such setting" for name in _unknown_variables()]
    try:
        declared = _declared(file)
        settings = Settings(**{**declared, "env": name})
    except ValidationError as error:
        findings += [_finding(file, e) for e in error.errors()]
    except SettingsError as error:
        findings.append(f"{PREFIX}<GROUP> must be JSON, or better {PREFIX}<GROUP>{DELIMITER}<NAME>: {error}")
    else:
        home = settings.home.expanduser().absolute()
        if not next(folder for folder in (home, *home.parents) if folder.exists()).is_dir():
            findings.append(f"LAKEHOUSE_HOME: {home} is, or lies below, a file: name a folder, or one to be made")
        if patterns := sorted({*str(home)} & NOT_IN_PATHS):
            told = " and ".join(patterns)
            findings.append(f"LAKEHOUSE_HOME: {home} has {told} in its path, which Spark reads as a pattern: move it")
    if findings:
        raise UsageError("\n  ".join([f"the settings of {name!r} are not usable:", *findings]))
    return settings.model_copy(update={"env": name, "home": home})


def _declared(file: Path) -> dict[str, Any]:
    """What the environment's file says; nothing where it is empty."""
    try:
        declared = parse_yaml(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not a YAML file of settings: {yaml_fault(error)}") from error
    if declared is None:
        return {}
    if not isinstance(declared, dict):
        raise UsageError(f"{file} is not a YAML file of settings: it is not a mapping of keys to values")
    return {str(key): value for key, value in declared.items()}


def _unknown_variables() -> list[str]:
    """Variables that are meant as settings, by their form, but of a group that there is not."""
    groups = tuple(f"{PREFIX}{field.upper()}{DELIMITER}" for field in Settings.model_fields)
    return sorted(v for v in os.environ if v.startswith(PREFIX) and DELIMITER in v and not v.startswith(groups))


def _finding(file: Path, error: ErrorDetails) -> str:
    """One sentence a finding, with the names of the variables where they said it, else the path in the file."""
    path = ".".join(str(step) for step in error["loc"])
    variable = PREFIX + DELIMITER.join(str(step).upper() for step in error["loc"])
    said_it = [v for v in sorted(os.environ) if v.upper() == variable or v.upper().startswith(variable + DELIMITER)]
    place = ", ".join(said_it) or f"environments/{file.name}: {path}"
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such setting"
    told, given = error["msg"].removeprefix("Value error, "), error["input"]
    if error["type"] == "string_pattern_mismatch":
        told = f"must be {_described(error['loc'])}"
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) or given is None else ""
    return f"{place}: {told[0].lower()}{told[1:]}{shown}"


def _described(loc: tuple[int | str, ...]) -> str:
    """What the field at this place says of itself."""
    model: Any = Settings
    for step in loc:
        field = next(f for name, f in model.model_fields.items() if step in (name, f.alias))
        model = field.annotation
    return field.description or "of another form"
