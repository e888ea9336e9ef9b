"""The reference of settings says what the settings are, and the page in docs is up to date."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lakehouse.runtime.settings import Settings
from lakehouse.runtime.settings_reference import settings_reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md"


def settings_below(model: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings_below(field.annotation, (*path, name))
        else:
            yield ".".join((*path, field.alias or name)), field


SETTINGS = dict(settings_below(Settings))


def test_the_page_in_docs_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == settings_reference(), "docs/reference/settings.md is stale: `make docs`"


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_stands_there_with_its_variable_and_what_it_is(setting: str) -> None:
    variable = f"LAKEHOUSE_{setting.upper().replace('.', '__')}"
    (line,) = [line for line in settings_reference().splitlines() if line.startswith(f"| `{setting}` | `{variable}` |")]
    assert SETTINGS[setting].description
    assert line.endswith(f" | {SETTINGS[setting].description} |")


@pytest.mark.parametrize(
    "setting, takes, default",
    [
        ("home", "a path", "`.lakehouse`"),
        ("spark.driver_memory", "such as 900m or 2g", "`2g`"),
        ("calendar.fiscal_year_start_month", "1 to 12", "`1`"),
        ("storage.kind", "`local`, `s3`", "`local`"),
        ("storage.tls", "`true`, `false`", "`true`"),
        ("storage.prefix", "a path such as retail/eu, of letters, digits and - _ . =", ""),
        ("warehouse.private_key_file", "a path", ""),
        ("warehouse.user", "a text", ""),
    ],
)
def test_what_a_setting_takes_and_is_where_nothing_is_said(setting: str, takes: str, default: str) -> None:
    (line,) = [line for line in settings_reference().splitlines() if line.startswith(f"| `{setting}` |")]
    assert line.split(" | ")[2:4] == [takes, default]


def test_what_is_said_of_a_group_stands_above_its_settings() -> None:
    section = settings_reference().partition("\n## storage\n\n")[2].partition("\n## ")[0]
    assert section.startswith("Where bronze, silver, gold, ops and leases are kept: ")
    assert section.count("\n| `storage.") == 12
