"""Where fakesnow differs from Snowflake in what matters here, and is mended.

In: fakesnow as it was installed. Out: the same, with exact sums, NULL times, Snowflake's words for what is refused,
its headings, and the rows and comments of SHOW TABLES. Guaranteed: mended once a process; where a table or a
column is unknown, nothing is left of DuckDB's own wording.
"""

import re
from collections.abc import Callable
from typing import Any

import duckdb
import fakesnow.arrow
import fakesnow.cursor
import pyarrow as pa
from fakesnow import info_schema, transforms
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp, parse_one

from lakehouse.ops.sql import quoted

SAID = (
    (re.compile(r'Table with name "?(.+?)"? does not exist'), "Object '{}' does not exist or not authorized"),
    (re.compile(r'Referenced column "(.+?)" not found'), "invalid identifier '{}'"),
    (re.compile(r'Table "(.+?)" does not have a column named "(.+?)"'), "invalid identifier '{}.{}'"),
)
"""What DuckDB says of an unknown name, and how Snowflake says it."""

ADVICE = ("Did you mean", "Candidate tables")
"""How a second line of DuckDB begins that is worth telling."""

TABLES_THERE = (
    "SELECT database_name, schema_name, table_name, coalesce(comment, '') FROM duckdb_tables() "
    "WHERE NOT starts_with(database_name, '_fs_') AND NOT starts_with(schema_name, '_fs_')"
)

Transform = Callable[[Any, exp.Expr, Any], exp.Expr]


def mend() -> None:
    """Mend fakesnow in this process, where it is not mended already."""
    if _MENDED:
        return
    _MENDED.append(True)
    cursor = fakesnow.cursor.FakeSnowflakeCursor
    mended: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
        (cursor, "_execute", _told),
        (cursor, "_transform", _headed),
        (cursor, "_transform", _listed),
        (info_schema, "insert_table_comment_sql", _kept),
        (transforms, "numeric_agg_implicit_cast", _exact),
        (fakesnow.arrow, "timestamp_to_sf_struct", _nullable),
    )
    for place, name, better in mended:
        setattr(place, name, better(getattr(place, name)))


_MENDED: list[bool] = []
"""Whether this process has mended fakesnow already."""


def sentence(error: Exception) -> str:
    """What DuckDB said, without its class, its shouting and its listings; an unknown name in Snowflake's words."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    told = re.sub(r"^[A-Z][\w ]*? Error: ", "", lines[0]).partition(" See also ")[0].rstrip("!.").replace(". ", "; ")
    for pattern, words in SAID:
        if found := pattern.search(told):
            return words.format(*found.groups())
    advice = next((line for line in lines[1:] if line.startswith(ADVICE)), None)
    return f"{told} ({advice[0].lower()}{advice[1:]})" if advice else told


def _told(execute: Callable[..., None]) -> Callable[..., None]:
    """What DuckDB refuses is told as Snowflake tells it; else the client takes it for an outage and tries for long."""

    def told(self: Any, transformed: exp.Expr, params: Any = None) -> None:
        try:
            execute(self, transformed, params)
        except duckdb.Error as error:
            raise ProgrammingError(msg=sentence(error), errno=904, sqlstate="42000") from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, duckdb.Error):
                raise
            raise ProgrammingError(msg=sentence(error.__cause__), errno=error.errno, sqlstate=error.sqlstate) from error

    return told


def _headed(transform: Transform) -> Transform:
    """A column without a name is headed by its expression: DuckDB has words of its own, as `count_star()`."""

    def headed(self: Any, expression: exp.Expr, params: Any) -> exp.Expr:
        texts = [None if _has_name(column) else column.sql("snowflake").upper() for column in _columns(expression)]
        done = transform(self, expression, params)
        columns = _columns(done)
        for column, text in zip(columns, texts, strict=False) if len(columns) == len(texts) else ():
            if text is not None:
                column.replace(exp.alias_(column.unalias().copy(), text, quoted=True))
        return done

    return headed


def _columns(expression: exp.Expr) -> list[exp.Expr]:
    """What a query selects, of a UNION its first part."""
    while isinstance(expression, exp.SetOperation | exp.Subquery):
        expression = expression.this
    return expression.expressions if isinstance(expression, exp.Select) else []


def _has_name(column: exp.Expr) -> bool:
    return isinstance(column, exp.Alias | exp.Aliases | exp.Column | exp.Star)


def _listed(transform: Transform) -> Transform:
    """SHOW TABLES tells rows and comments: fakesnow says 0 and nothing, and DuckDB's estimate counts deleted rows."""

    def listed(self: Any, expression: exp.Expr, params: Any) -> exp.Expr:
        done = transform(self, expression, params)
        asked = isinstance(expression, exp.Show) and expression.name.upper() == "TABLES"
        there = self._duck_conn.execute(TABLES_THERE).fetchall() if asked and not expression.args.get("terse") else []
        if not there:
            return done
        counted = " UNION ALL ".join(_counted(*table) for table in there)
        return parse_one(
            f"SELECT listed.* REPLACE (n AS rows, told AS comment) FROM ({done.sql('duckdb')}) AS listed "
            f"JOIN ({counted}) ON d = database_name AND s = schema_name AND t = name ORDER BY d, s, t",
            read="duckdb",
        )

    return listed


def _counted(database: str, schema: str, table: str, comment: str) -> str:
    """A query of one row: names, comment and number of rows of a table."""
    names = f"{quoted(database)} AS d, {quoted(schema)} AS s, {quoted(table)} AS t"
    return f'SELECT {names}, {quoted(comment)} AS told, count(*) AS n FROM "{database}"."{schema}"."{table}"'


def _kept(insert: Callable[..., str]) -> Callable[..., str]:
    """The comment of a table is kept with it: fakesnow forgets it with its process, and stumbles over a quote in it."""

    def kept(catalog: str, schema: str, table: str, comment: str | None) -> str:
        if comment is None:
            return "SELECT 1"
        noted = insert(catalog, schema, table, comment.replace("'", "''"))
        return f'{noted}; COMMENT ON TABLE "{catalog}"."{schema}"."{table}" IS {quoted(comment)}'

    return kept


def _exact(cast: Callable[[exp.Expr], exp.Expr]) -> Callable[[exp.Expr], exp.Expr]:
    """A sum of decimals is a decimal: fakesnow makes it a floating-point number, and loses digits of money."""

    def exact(expression: exp.Expr) -> exp.Expr:
        of = expression.this if isinstance(expression, exp.Sum) else None
        done = cast(expression)
        if of is not None and not isinstance(of, exp.Cast | exp.TryCast):
            (done.this if isinstance(done, exp.Alias) else done).set("this", of)
        return done

    return exact


def _nullable(struct_of: Callable[[Any], pa.StructArray]) -> Callable[[Any], pa.StructArray]:
    """A time that is NULL is told as NULL: fakesnow sends a value without its mark, and the client reads 1970."""

    def nullable(times: pa.ChunkedArray) -> pa.StructArray:
        made = struct_of(times)
        parts = [part.fill_null(0) for part in made.flatten()]
        absent = pa.concat_arrays([chunk.is_null() for chunk in times.chunks]) if times.num_chunks else None
        return pa.StructArray.from_arrays(parts, fields=list(made.type), mask=absent)

    return nullable
