"""What is wrong with a setting, as one sentence with its place in front.

In: an error of pydantic's. Out: a sentence that names the variable or the file, and the remedy. Guaranteed: a value
that could be a credential is not repeated: none of the groups `storage` and `kafka`, elsewhere none as long as one.
"""

import os
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from lakehouse.runtime.setting_groups import DELIMITER, PREFIX, Form, variable_of
from lakehouse.runtime.storage_settings import CREDENTIAL, OF_CREDENTIALS

NO_SUCH = "there is no such setting: correct its name, or leave it out"
NO_CREDENTIAL = f"there is no such setting, as {OF_CREDENTIALS}: leave it out here"

LONGEST_SHOWN = 15
"""Characters of a wrong value that is shown; the shortest credential of AWS, an access key's id, has 16."""


def finding_of(model: type[BaseModel], file: str, error: ErrorDetails) -> str:
    """One sentence about an error.

    Args:
        model: what was validated.
        file: where the settings were said that no variable said.
        error: of that validation.
    """
    loc = error["loc"]
    place = place_of(file, loc)
    if error["type"] == "extra_forbidden":
        of_storage = loc[0] == "storage" and CREDENTIAL.search(str(loc[-1]))
        return f"{place}: {NO_CREDENTIAL if of_storage else NO_SUCH}"
    if error["type"] == "model_type":
        group = variable_of(str(loc[0]))
        return f"{place}: must be a group of settings: `name: value` in the file, or variables {group}{DELIMITER}NAME"
    told = error["msg"].removeprefix("Value error, ")
    if error["type"] == "string_pattern_mismatch":
        told = f"must be {_form(model, loc)}"
    elif error["type"] == "bool_parsing":
        told = "must be true or false"
    elif error["type"] == "int_parsing":
        told = "must be a whole number"
    return f"{place}: {told[0].lower()}{told[1:]}{_shown(error)}"


def place_of(file: str, loc: tuple[int | str, ...]) -> str:
    """Where a setting was said: the names of the variables where they said it, else the path in the file."""
    variable = variable_of(*map(str, loc))
    said_it = [v for v in sorted(os.environ) if v.upper() == variable or v.upper().startswith(variable + DELIMITER)]
    return ", ".join(said_it) or f"{file}: {'.'.join(map(str, loc))}"


def unknown_variables(groups: type[BaseModel]) -> list[str]:
    """Variables that are meant as settings, by their form, but of a group that there is not."""
    known = tuple(f"{PREFIX}{field.upper()}{DELIMITER}" for field in groups.model_fields)
    return sorted(v for v in os.environ if v.startswith(PREFIX) and DELIMITER in v and not v.startswith(known))


def _shown(error: ErrorDetails) -> str:
    """The value that was given, where that helps and gives nothing away."""
    given = error["input"]
    plain = isinstance(given, str | int | float | bool) or given is None
    told_already, near_credentials = error["type"] == "value_error", error["loc"][:1] in (("storage",), ("kafka",))
    if not plain or told_already or near_credentials or len(str(given)) > LONGEST_SHOWN:
        return ""
    return f" (given: {given!r})"


def _form(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """What the field at this place says of its form."""
    within: Any = model
    for step in loc:
        field = next(f for name, f in within.model_fields.items() if step in (name, f.alias))
        within = field.annotation
    return next((each.told for each in field.metadata if isinstance(each, Form)), "of another form")
