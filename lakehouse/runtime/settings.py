"""Settings: `conf/environments/<env>.yml`, overruled by environment variables, all validated before anything runs.

In: LAKEHOUSE_ENV (default `local`), LAKEHOUSE_HOME, LAKEHOUSE_<GROUP>__<NAME> such as
LAKEHOUSE_SPARK__DRIVER_MEMORY. Out: frozen `Settings`. Guaranteed: an unknown key or a wrong value is an
error that names the file or the variable; no secret is a setting, only the name of one.
"""

import os
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from lakehouse.runtime.conf import conf_folder
from lakehouse.runtime.errors import UsageError

STRICT = ConfigDict(extra="forbid", frozen=True)


class SparkSettings(BaseModel):
    """How Spark runs; on a cluster spark-submit's own options say it and these do not apply."""

    model_config = STRICT
    master: Annotated[str, Field(pattern=r"^(local(\[(\d+|\*)\])?|spark://.+|yarn|k8s://.+)$")] = "local[2]"
    driver_memory: Annotated[str, Field(pattern=r"^\d+[mg]$")] = "2g"
    shuffle_partitions: Annotated[int, Field(ge=1, le=10_000)] = 2


class CalendarSettings(BaseModel):
    """The years that `gold.dim_date` covers, both included; dates outside are quarantined."""

    model_config = STRICT
    first_year: Annotated[int, Field(ge=1900, le=9998)] = 1990
    last_year: Annotated[int, Field(ge=1900, le=9998)] = 2049

    @model_validator(mode="after")
    def _in_order(self) -> "CalendarSettings":
        if self.first_year > self.last_year:
            raise ValueError(f"first_year {self.first_year} is after last_year {self.last_year}")
        return self


class Settings(BaseSettings):
    """Everything that differs from one place to another."""

    model_config = SettingsConfigDict(env_prefix="LAKEHOUSE_", env_nested_delimiter="__", extra="forbid", frozen=True)
    env: str = "local"
    home: Path = Path(".lakehouse")
    spark: SparkSettings = SparkSettings()
    calendar: CalendarSettings = CalendarSettings()

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
    try:
        declared: Any = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        settings = Settings(**{**declared, "env": name})
    except ValidationError as error:
        findings = "\n  ".join(_finding(file, e["loc"], e["msg"]) for e in error.errors())
        raise UsageError(f"the settings of {name!r} are not usable:\n  {findings}") from error
    except (yaml.YAMLError, TypeError) as error:
        raise UsageError(f"{file} is not a YAML file of settings: {' '.join(str(error).split())}") from error
    return settings.model_copy(update={"env": name, "home": settings.home.expanduser().absolute()})


def _finding(file: Path, loc: tuple[int | str, ...], message: str) -> str:
    """One sentence a finding, with the variable's name where a variable said it."""
    path = ".".join(str(step) for step in loc)
    variable = "LAKEHOUSE_" + "__".join(str(step).upper() for step in loc)
    given = variable if variable in os.environ else f"environments/{file.name}: {path}"
    return f"{given}: {message}"
