"""The groups of settings: Spark, the calendar, the warehouse; each a frozen model that says what it takes.

In: what a file or variables say of a group. Out: the group, validated. Guaranteed: settings that contradict each
other are refused, and so is the text of a key where the name of its file is wanted; nothing is read here. Where data
is kept is a group of its own, in `storage_settings`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
PREFIX, DELIMITER = "LAKEHOUSE_", "__"
LONGEST_PATH = 1000


@dataclass(frozen=True)
class Form:
    """How a text must look, in words that go on after `must be`; what a setting is for, its `description` says."""

    told: str


class SparkSettings(BaseModel):
    """How Spark runs; under `spark-submit` its own options say where, and with how much memory."""

    model_config = STRICT
    master: Annotated[
        str,
        Field(
            pattern=r"^(local(\[(\d+|\*)\])?|spark://.+|yarn|k8s://.+)$",
            description="what Spark runs on; `local[2]` is this machine with two threads",
        ),
        Form("such as local[2], local[*], spark://…, yarn or k8s://…"),
    ] = "local[2]"
    driver_memory: Annotated[
        str,
        Field(pattern=r"^\d+[mg]$", description="the heap of Spark's JVM on this machine"),
        Form("such as 900m or 2g"),
    ] = "2g"
    shuffle_partitions: Annotated[int, Field(ge=1, le=10_000, description="partitions of a shuffle")] = 2


class CalendarSettings(BaseModel):
    """The years that `gold.dim_date` covers, both included; dates outside are quarantined."""

    model_config = STRICT
    first_year: Annotated[int, Field(ge=1900, le=9998, description="dates before it are quarantined")] = 1990
    last_year: Annotated[int, Field(ge=1900, le=9998, description="dates after it are quarantined")] = 2049
    fiscal_year_start_month: Annotated[
        int, Field(ge=1, le=12, description="a fiscal year has the number of the calendar year it ends in")
    ] = 1

    @model_validator(mode="after")
    def _in_order(self) -> "CalendarSettings":
        if self.first_year > self.last_year:
            raise ValueError(f"first_year {self.first_year} is after last_year {self.last_year}: change one of them")
        return self


IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
"""What a name in the warehouse may be: it is written into SQL without quotes."""
IDENTIFIER_TOLD = Form("letters, digits and _, not beginning with a digit")
ACCOUNT = r"^[A-Za-z0-9_.-]{1,200}$"


class WarehouseSettings(BaseModel):
    """Where gold is published: Snowflake, or its emulator below `LAKEHOUSE_HOME` (`kind: local`).

    A person or a service signs in with a key file; the key itself is never a setting.
    """

    model_config = ConfigDict(**STRICT, populate_by_name=True)
    kind: Annotated[
        Literal["local", "snowflake"],
        Field(description="`local`: an emulator below `LAKEHOUSE_HOME`; `snowflake`: all of the next five are needed"),
    ] = "local"
    account: Annotated[
        str | None,
        Field(pattern=ACCOUNT, description="the account that is signed in to"),
        Form("Snowflake's account identifier, such as ORGANISATION-ACCOUNT"),
    ] = None
    user: Annotated[str | None, Field(min_length=1, description="who signs in")] = None
    private_key_file: Annotated[
        Path | None,
        Field(description="the file of the private key to sign in with, in PEM, without a passphrase"),
    ] = None
    role: Annotated[str | None, Field(pattern=IDENTIFIER, description="the role of the session"), IDENTIFIER_TOLD] = (
        None
    )
    warehouse: Annotated[str | None, Field(pattern=IDENTIFIER, description="Snowflake's compute"), IDENTIFIER_TOLD] = (
        None
    )
    database: Annotated[
        str,
        Field(pattern=IDENTIFIER, description="where gold is published; in Snowflake it must exist"),
        IDENTIFIER_TOLD,
    ] = "RETAIL"
    schema_name: Annotated[
        str,
        Field(alias="schema", pattern=IDENTIFIER, description="the schema there; in Snowflake it must exist"),
        IDENTIFIER_TOLD,
    ] = "GOLD"

    @field_validator("private_key_file")
    @classmethod
    def _no_key(cls, file: Path | None) -> Path | None:
        return path_of(file, "a key")

    @model_validator(mode="after")
    def _complete(self) -> "WarehouseSettings":
        given = [name for name in OF_SNOWFLAKE if getattr(self, name) is not None]
        if self.kind == "local" and given:
            raise ValueError(
                f"{', '.join(given)}: only Snowflake has that, but kind is local: set "
                f"{variable_of('warehouse', 'kind')}=snowflake, or leave them out"
            )
        missing = [variable_of("warehouse", name) for name in OF_SNOWFLAKE if name not in given]
        if self.kind == "snowflake" and missing:
            raise ValueError(f"kind is snowflake, but this is not said: set {', '.join(missing)}")
        return self

    @property
    def place(self) -> str:
        """Where it is, in a few words: `local RETAIL.GOLD`, `account RETAIL.GOLD`."""
        return f"{self.account or 'local'} {self.database}.{self.schema_name}".upper().replace("LOCAL ", "local ")


def path_of(file: Path | None, what: str) -> Path | None:
    """The file that has a key or certificate.

    Raises:
        ValueError: it is the text of one, which is not repeated.
    """
    if file is not None and is_key_text(str(file)):
        raise ValueError(f"this is the text of {what}: write it to a file, and name that file here")
    return file


def is_key_text(said: str) -> bool:
    """Whether this is a key rather than the path of its file; whoever says it again would give it away."""
    return "\n" in said or "-----" in said or len(said) > LONGEST_PATH


OF_SNOWFLAKE = ("account", "user", "private_key_file", "role", "warehouse")
"""What must be said for Snowflake, and only there."""


def variable_of(*path: str) -> str:
    """The environment variable of a setting: `LAKEHOUSE_WAREHOUSE__KIND` of `warehouse` and `kind`."""
    return PREFIX + DELIMITER.join(path).upper()
