"""The settings → their reference, as one Markdown page.

In: the models of the settings. Out: the text of docs/reference/settings.md. Guaranteed: pure, and every setting
stands in it with its variable, what it takes, its default and its description. `make docs` writes the page, a test
says when it is stale.
"""

import inspect
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lakehouse.runtime.setting_groups import Form, variable_of
from lakehouse.runtime.settings import Settings

INTRODUCTION = """\
# Settings

What may stand in `conf/environments/<name>.yml`, a group of settings a key there. An environment variable overrules the
file; an empty one counts as none. [Configuration](configuration.md) has all else. This page is generated from
`lakehouse/runtime/settings.py`: change the code and run `make docs`.
"""

HEAD = ("setting", "variable", "takes", "default", "what")


def settings_reference() -> str:
    """The page: settings of no group first, then the groups in the order of their declaration."""
    fields = Settings.model_fields.items()
    groups = [(name, field.annotation) for name, field in fields if _is_group(field)]
    alone = [_row((name,), field) for name, field in fields if not _is_group(field)]
    parts = [INTRODUCTION, f"## In general\n\n{_grid(alone)}"]
    return "\n".join([*parts, *(_group(name, model) for name, model in groups)])


def _is_group(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _group(name: str, model: Any) -> str:
    rows = [_row((name, field.alias or each), field) for each, field in model.model_fields.items()]
    return f"## {name}\n\n{inspect.cleandoc(model.__doc__)}\n\n{_grid(rows)}"


def _row(path: tuple[str, ...], field: FieldInfo) -> tuple[str, ...]:
    return (f"`{'.'.join(path)}`", f"`{variable_of(*path)}`", _takes(field), _default(field), field.description or "")


def _takes(field: FieldInfo) -> str:
    """The form of a setting's values, as its type and its bounds say it."""
    forms = [each.told for each in field.metadata if isinstance(each, Form)]
    if forms:
        return forms[0]
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    if field.annotation is bool:
        return "`true`, `false`"
    if field.annotation is int:
        return f"{_bound(field, 'ge')} to {_bound(field, 'le')}"
    return "a path" if Path in (field.annotation, *get_args(field.annotation)) else "a text"


def _bound(field: FieldInfo, which: str) -> str:
    (bound,) = [str(getattr(each, which)) for each in field.metadata if hasattr(each, which)]
    return bound


def _default(field: FieldInfo) -> str:
    default = str(field.default).lower() if isinstance(field.default, bool) else field.default
    return "" if default in (None, "") else f"`{default}`"


def _grid(rows: list[tuple[str, ...]]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *(tuple(cell.replace("|", r"\|") for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(page: str) -> None:
    """Write the page."""
    Path(page).write_text(settings_reference(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
