"""The tables of the warehouse, made and kept as their contracts say.

In: contracts and a session. Out: tables with the published columns. Guaranteed: a new column of a contract is added; a
column that the contract has not, or has with another type, is never changed but refused.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakehouse.contract.derive.warehouse_ddl import WAREHOUSE_TYPES, published_columns, warehouse_name
from lakehouse.contract.model import Column, Table
from lakehouse.errors import JobError
from lakehouse.gold.release import GOLD_TABLES
from lakehouse.publish import ledger, statements
from lakehouse.publish.target import Target

if TYPE_CHECKING:
    from snowflake.connector.cursor import ResultMetadata


def prepare(target: Target) -> set[str]:
    """Make the tables that are not there, with the columns of today's contracts; clear what a killed attempt left.

    Returns:
        The names of tables that were not there or were given columns: all their rows must move.

    Raises:
        JobError: a table has columns that its contract has not, or has with another type.
    """
    there = [name for (name,) in target.run(statements.TABLES)]
    for name in there:
        if name.startswith(statements.STAGING):
            target.run(statements.drop(name))
    tables = [target.lake.table(name) for name in GOLD_TABLES]
    for statement in statements.creation([*tables, target.lake.table(ledger.LEDGER)]):
        target.run(statement)
    return {table.name for table in tables if warehouse_name(table) not in there or _evolved(target, table)}


def _evolved(target: Target, table: Table) -> bool:
    """Give a table the columns that it lacks; whether there were any."""
    target.run(statements.columns_of(table))
    there = {column.name: column for column in target.cursor.description}
    wanted = {c.name.upper(): c for c in published_columns(table)}
    missing = [column for name, column in wanted.items() if name not in there]
    _refuse_others(table, there, wanted)
    for column in missing:
        target.run(statements.add_column(table, column))
    return bool(missing)


def _refuse_others(table: Table, there: Mapping[str, "ResultMetadata"], wanted: Mapping[str, Column]) -> None:
    """A column is neither dropped nor changed here: who made it otherwise may still read it so."""
    unknown = sorted(set(there) - set(wanted))
    other = sorted(
        name for name in set(there) & set(wanted) if not _holds(there[name], WAREHOUSE_TYPES[wanted[name].type])
    )
    name, remedy = warehouse_name(table), "drop the table there, and publish again; all of it follows from gold"
    if unknown:
        raise JobError(
            f"{name} has columns in the warehouse that its contract has not ({', '.join(unknown)}): {remedy}"
        )
    if other:
        told = ", ".join(f"{column} is to be {WAREHOUSE_TYPES[wanted[column].type]}" for column in other)
        raise JobError(f"{name} has columns of other types in the warehouse than in its contract ({told}): {remedy}")


def _holds(column: "ResultMetadata", declared: str) -> bool:
    """Whether a column of the warehouse holds what a declared type does, without rounding it."""
    from snowflake.connector.constants import FIELD_ID_TO_NAME

    name, _, size = declared.rstrip(")").partition("(")
    kind = FIELD_ID_TO_NAME[column.type_code]
    if name == "TIMESTAMP_NTZ":
        return kind == name and (column.scale or 0) >= int(size)
    if name != "NUMBER":
        return kind == {"VARCHAR": "TEXT"}.get(name, name)
    precision, scale = (int(number) for number in size.split(","))
    return kind == "FIXED" and (column.precision or 0) >= precision and column.scale == scale
