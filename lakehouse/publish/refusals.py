"""Why a question is refused: one sentence with its remedy.

In: an error of the parser, or of the warehouse with a cursor that can ask for names. Out: a `UsageError`. Guaranteed:
no words of a library's inside; the names that are near a wrong one are asked for only when a name was wrong.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from lakehouse.errors import UsageError, did_you_mean
from lakehouse.publish.connection import sentence_of

if TYPE_CHECKING:
    from snowflake.connector.cursor import SnowflakeCursor
    from sqlglot.errors import SqlglotError

NO_TABLE = re.compile(r"(?:Object|Table|View) '(.+?)' does not exist")
NO_COLUMN = re.compile(r"invalid identifier '(.+?)'")
NAMES = "SELECT TABLE_NAME, COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = CURRENT_SCHEMA()"

Names = Mapping[str, set[str]]
"""The columns of each table."""


def no_sql(error: "SqlglotError") -> UsageError:
    """What cannot be read as SQL: what is missing, and where."""
    found = getattr(error, "errors", None)
    if not found:  # the text falls into no words
        return UsageError("this is not SQL: perhaps a quote or a comment in it is not closed")
    line, last, word = found[0]["line"], found[0]["col"], found[0]["highlight"]
    place = f'at or near "{word}" (line {line}, column {max(1, last - len(word) + 1)})'
    return UsageError(f"this is not SQL: {_lacking(found[0]['description'])} {place}")


def _lacking(description: str) -> str:
    """What the parser had expected, where it says so in words for people."""
    if description.startswith("Expecting "):
        return f"{description.removeprefix('Expecting ')} is missing"
    if description.startswith("Expected "):
        return f"expected {description.removeprefix('Expected ').partition(' but got ')[0]}"
    return "something is missing" if description.startswith("Required ") else "it cannot be read"


def refused(error: Exception, cursor: "SnowflakeCursor", sql: str, place: str) -> UsageError:
    """What the warehouse does not answer; of an unknown name those that are near it.

    Args:
        cursor: of the connection that refused; it is asked which names there are.
        place: which warehouse it is.
    """
    said = sentence_of(error)
    table, column = NO_TABLE.search(said), NO_COLUMN.search(said)
    names = _names(cursor) if table or column else None
    if names is not None and not names:
        return nothing_there(place)
    if names and table:
        return _no_table(table[1], names)
    if names and column:
        return _no_column(column[1], names, sql)
    return UsageError(f"the warehouse refuses this: {said}")


def nothing_there(place: str) -> UsageError:
    """Nothing was published yet; of Snowflake, where a user sees only what it may, that is not certain."""
    perhaps = "" if place.startswith("local ") else ", or none that this user may see"
    return UsageError(
        f"the warehouse, {place}, has no release yet{perhaps}: "
        "lakehouse run --source NAME FILE makes one and publishes it"
    )


def _names(cursor: "SnowflakeCursor") -> Names | None:
    """What there is; None where it may not be asked."""
    from snowflake.connector.errors import Error

    names: dict[str, set[str]] = {}
    try:
        for table, column in cursor.execute(NAMES).fetchall():  # type: ignore[union-attr]
            names.setdefault(table, set()).add(column)
    except Error:
        return None
    return names


def _no_table(name: str, names: Names) -> UsageError:
    return UsageError(
        f"there is no table {name}{_perhaps(name, names)}: lakehouse query 'SHOW TABLES' lists what there is"
    )


def _no_column(name: str, names: Names, sql: str) -> UsageError:
    """No such column in the tables that the question names; perhaps in another."""
    column = _last(name)
    asked = [table for table in names if re.search(rf"\b{re.escape(table)}\b", sql, re.IGNORECASE)]
    having = sorted(table for table, columns in names.items() if column in columns)
    near = _perhaps(name, {column for table in asked for column in names[table]})
    told = f" ({' and '.join(having)} {'has' if len(having) == 1 else 'have'} {column})" if having else near
    which = asked[0] if len(asked) == 1 else "NAME"
    return UsageError(
        f"there is no column {name} here{told}: lakehouse query 'DESCRIBE TABLE {which}' lists the columns"
    )


def _perhaps(name: str, known: Iterable[str]) -> str:
    return did_you_mean(_last(name), sorted(known), most=2)


def _last(name: str) -> str:
    """A name without what stands before it, and without quotes."""
    return name.rpartition(".")[2].strip('"')
