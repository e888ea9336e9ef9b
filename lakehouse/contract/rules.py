"""The checks that a contract may name: each a pure function from its arguments to one SQL condition.

In: an expectation of a contract. Out: a condition that is true or NULL for a row that is right. Guaranteed:
one text serves the row rules, the Delta CHECK constraints and whatever else is derived, so that they cannot
disagree. Literals come from contracts, never from data, and are quoted.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any

from lakehouse.contract.model import Expectation


def literal(value: object) -> str:
    """A SQL literal of a YAML scalar: text quoted and escaped, numbers and booleans as they are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def one_of(column: str, values: list[object]) -> str:
    """The column's value is one of `values`."""
    return f"{column} IN ({', '.join(literal(v) for v in values)})"


def between(column: str, min: object, max: object) -> str:
    """`min` <= column <= `max`, both ends included."""
    return f"{column} BETWEEN {literal(min)} AND {literal(max)}"


def at_least(column: str, min: object) -> str:
    """The column is `min` or more."""
    return f"{column} >= {literal(min)}"


def not_equal(column: str, value: object) -> str:
    """The column differs from `value`."""
    return f"{column} <> {literal(value)}"


def not_before(column: str, other: str) -> str:
    """The column is not smaller than the column `other`."""
    return f"{column} >= {other}"


def matches(column: str, pattern: str) -> str:
    r"""The whole text matches the regular expression (anchored by \A and \z: `$` lets a final newline pass)."""
    anchored = rf"\A(?:{pattern})\z"
    return f"{column} RLIKE {literal(anchored)}"


def condition(condition: str) -> str:
    """A condition in SQL, in parentheses so that an OR in it stays its own."""
    return f"({condition})"


def in_calendar(column: str) -> str:
    """The date lies in the calendar of `gold.dim_date`; `{first_year}` and `{last_year}` are the setting's."""
    return f"year({column}) BETWEEN {{first_year}} AND {{last_year}}"


CHECKS: dict[str, Callable[..., str]] = {
    f.__name__: f for f in (one_of, between, at_least, not_equal, not_before, matches, condition, in_calendar)
}
"""Every check a contract may name; the function's parameters are the arguments it takes."""


def arguments_of(check: str) -> tuple[str, ...]:
    """The argument names a check takes, all of them required."""
    return tuple(inspect.signature(CHECKS[check]).parameters)


def argument_fault(name: str, value: object) -> str | None:
    """What is wrong with the value a contract gives for an argument of this name; None where nothing is."""
    if name == "values":
        listed = isinstance(value, list) and value and all(isinstance(v, str | int | float) for v in value)
        return None if listed else "must be a list of texts or numbers"
    if name in ("min", "max", "value"):
        return None if isinstance(value, str | int | float) else "must be a text or a number"
    if not isinstance(value, str) or not value.strip():
        return "must be a text"
    if name == "pattern":
        try:
            re.compile(re.sub(r"\\[pP]\{\w+\}", r"\\w", value))  # Java, which asks, knows \p{L} as well
        except re.error as error:
            return f"is no regular expression: {error}"
    return None


def sql_condition(expectation: Expectation) -> str:
    """The condition of an expectation: true or NULL where a row is right."""
    arguments: dict[str, Any] = dict(expectation.arguments)
    return CHECKS[expectation.check](**arguments)
