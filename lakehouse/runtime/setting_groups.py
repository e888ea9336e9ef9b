"""The groups of settings: Spark, the calendar, the warehouse; each a frozen model that says what it takes.

In: what a file or variables say of a group. Out: the group, validated. Guaranteed: settings that contradict each
other are refused, and so is the text of a key where the name of its file is wanted; nothing is read here.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

STRICT = ConfigDict(extra="forbid", frozen=True)
PREFIX, DELIMITER = "LAKEHOUSE_", "__"
LONGEST_PATH = 1000


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
            raise ValueError(f"first_year {self.first_year} is after last_year {self.last_year}: change one of them")
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

    @field_validator("private_key_file")
    @classmethod
    def _no_key(cls, file: Path | None) -> Path | None:
        if file is not None and is_key_text(str(file)):
            raise ValueError("this is the text of a key: write it to a file, and name that file here")
        return file

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


def is_key_text(said: str) -> bool:
    """Whether this is a key rather than the path of its file; whoever says it again would give it away."""
    return "\n" in said or "-----" in said or len(said) > LONGEST_PATH


OF_SNOWFLAKE = ("account", "user", "private_key_file", "role", "warehouse")
"""What must be said for Snowflake, and only there."""


def _variable(name: str) -> str:
    return f"{PREFIX}WAREHOUSE{DELIMITER}{name.upper()}"
