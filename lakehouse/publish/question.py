"""One question to the warehouse, which it may answer but not be changed by.

In: SQL as a person wrote it. Out: the columns and rows of the answer. Guaranteed: only one SELECT, WITH, SHOW or
DESCRIBE is sent, and it is sent as written; names without a schema are found where gold was published.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakehouse.errors import JobError, UsageError
from lakehouse.publish import refusals
from lakehouse.publish.connection import connected, sentence_of
from lakehouse.publish.emulator import data_file
from lakehouse.runtime.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from lakehouse.runtime.storage import Say

TAG = "lakehouse query"
BATCH_ROWS = 10_000
BEGINNINGS = ("SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "(")
PIPE = "->>"
"""Chains statements in Snowflake, of which the parser knows nothing: what comes after it may be any."""

READ_ONLY = "this is for questions alone: ask one SELECT, WITH, SHOW or DESCRIBE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of an answer: its name, the connector's number of its type, precision and scale of a number."""

    name: str
    kind: int
    precision: int | None
    scale: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Columns, and rows in batches; rows are there while the connection is open."""

    columns: tuple[Column, ...]
    batches: Iterator[list[tuple[Any, ...]]]


def statement(sql: str, limit: int | None = None) -> str:
    """The text to send: what was written, without a last semicolon, with a LIMIT where it is a query without one.

    Raises:
        UsageError: it is not SQL, not one statement, or not a question.
    """
    from sqlglot import errors, exp, parse
    from sqlglot.dialects.snowflake import Snowflake

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it tells what it cannot read, and we do
    tokens = []
    try:
        tokens = [token for token in Snowflake().tokenize(sql) if token.token_type.name != "SEMICOLON"]
        parsed = [one for one in parse(sql, read="snowflake") if one is not None and not isinstance(one, exp.Semicolon)]
    except errors.SqlglotError as error:
        begins = not tokens or tokens[0].text.upper() in BEGINNINGS
        raise (refusals.no_sql(error) if begins else UsageError(READ_ONLY)) from error
    piped = any(token.text == PIPE for token in tokens)
    if piped or len(parsed) != 1 or not _is_question(parsed[0]):
        raise UsageError(READ_ONLY)
    text = sql[tokens[0].start : tokens[-1].end + 1]
    bounded = not isinstance(parsed[0], exp.Query) or parsed[0].args.get("limit") or parsed[0].args.get("fetch")
    return text if limit is None or bounded else f"{text}\nLIMIT {limit}"


def _is_question(parsed: Any) -> bool:
    """Whether a statement reads and does nothing else, in any part of it."""
    from sqlglot import exp

    if isinstance(parsed, exp.Command):  # the parser knows not every SHOW
        return parsed.name.upper() == "SHOW"
    asking = isinstance(parsed, exp.Select | exp.SetOperation | exp.Subquery | exp.Show | exp.Describe)
    doing = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Create, exp.Drop, exp.Alter, exp.Set, exp.Copy, exp.Put)
    return asking and not any(isinstance(node, doing) and not isinstance(node, exp.Query) for node in parsed.walk())


@contextmanager
def asked(settings: Settings, sql: str, *, limit: int | None = None, wait: bool = True, say: "Say") -> Iterator[Answer]:
    """The answer to a question, for the length of a `with` block.

    Args:
        limit: so many rows are wanted of a query that has no LIMIT of its own.

    Raises:
        UsageError: it is no question, the warehouse refuses it, or nothing was published yet.
        JobError: the warehouse does not answer.
    """
    text, place = statement(sql, limit), settings.warehouse.place
    if settings.warehouse.kind == "local" and not data_file(str(settings.home), settings.warehouse.database).is_file():
        raise refusals.nothing_there(place)
    with connected(settings, TAG, wait=wait, say=say) as connection:
        from snowflake.connector.errors import Error, OperationalError

        cursor = connection.cursor()
        try:
            cursor.execute(text)
        except OperationalError as error:
            raise JobError(f"the warehouse does not answer: {sentence_of(error)}") from error
        except Error as error:
            raise refusals.refused(error, cursor, text, place) from error
        columns = (
            Column(name=c.name, kind=c.type_code, precision=c.precision, scale=c.scale) for c in cursor.description
        )
        yield Answer(columns=tuple(columns), batches=iter(lambda: cursor.fetchmany(BATCH_ROWS), []))


def arrow_schema_of(answer: Answer) -> "pa.Schema":
    """Arrow's types for the columns of an answer: decimals stay decimals; what is of no such type is text."""
    import pyarrow as pa
    from snowflake.connector.constants import FIELD_ID_TO_NAME

    def typed(column: Column) -> pa.DataType:
        name = FIELD_ID_TO_NAME[column.kind]
        if name == "FIXED":
            return pa.decimal128(38, column.scale) if column.scale else pa.int64()
        plain = {"REAL": pa.float64(), "DATE": pa.date32(), "BOOLEAN": pa.bool_(), "BINARY": pa.binary()}
        if name in plain:
            return plain[name]
        if name.startswith("TIMESTAMP"):
            return pa.timestamp("us", tz=None if name == "TIMESTAMP_NTZ" else "UTC")
        return pa.string()

    return pa.schema([pa.field(column.name, typed(column)) for column in answer.columns])
