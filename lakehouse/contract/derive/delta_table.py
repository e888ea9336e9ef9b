"""Contract → Delta table: columns with comments, NOT NULL, CHECK constraints and table properties.

In: the contract of a table. Out: the statement that creates it at a location, in one commit. Guaranteed:
what the contract requires of a live row is enforced by Delta itself, whoever writes; tombstones pass.
"""

from collections.abc import Mapping

from lakehouse.contract.derive.spark_schema import SPARK_TYPES
from lakehouse.contract.model import Column, Table
from lakehouse.contract.rules import literal, sql_condition

RETENTION = "interval 30 days"
"""How long old versions stay readable; see "Retention" in docs/explanation/semantics.md."""

DELTA_PROPERTIES: Mapping[str, str] = {
    "delta.deletedFileRetentionDuration": RETENTION,
    "delta.logRetentionDuration": RETENTION,
}


def is_never_null(table: Table, column: Column) -> bool:
    """Whether the column is NOT NULL in every row: a tombstone has only keys, order and technical columns."""
    always = {*table.keys, *table.sequence_by, table.apply_as_deletes}
    if table.apply_as_deletes is None or column.name.startswith("_"):
        return column.required
    return column.name in always


def check_constraints(table: Table) -> dict[str, str]:
    """CHECK constraints by name: rules that keep a row out, and columns that every live row must have.

    Delta takes NULL for a violation, a rule does not: hence `coalesce`. Rules that depend on a setting
    (`in_calendar`) stay row rules: a table outlives a setting.
    """
    unless_deleted = f"{table.apply_as_deletes} OR " if table.apply_as_deletes else ""
    required = {
        f"{c.name}_required": f"{unless_deleted}{c.name} IS NOT NULL"
        for c in table.columns
        if c.required and not is_never_null(table, c)
    }
    rules = {
        e.name: f"{unless_deleted}coalesce({sql_condition(e)}, true)"
        for e in table.expectations
        if e.on_fail != "warn" and e.check != "in_calendar"
    }
    return required | rules


def table_properties(table: Table) -> dict[str, str]:
    """Delta's table properties: retention for all, what the contract adds, and the constraints."""
    constraints = {f"delta.constraints.{name}": sql for name, sql in check_constraints(table).items()}
    return {**DELTA_PROPERTIES, **table.properties, **constraints}


def create_statement(table: Table, location: str) -> str:
    """`CREATE TABLE IF NOT EXISTS` at a location, with all that the contract says of the table."""
    columns = ",\n  ".join(_column(table, c) for c in table.columns)
    properties = ",\n  ".join(f"{literal(k)} = {literal(v)}" for k, v in table_properties(table).items())
    layout = f"CLUSTER BY ({', '.join(table.cluster_by)})\n" if table.cluster_by else ""
    layout += f"PARTITIONED BY ({', '.join(table.partition_by)})\n" if table.partition_by else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {at(location)} (\n  {columns}\n) USING DELTA\n"
        f"COMMENT {literal(table.description)}\n{layout}TBLPROPERTIES (\n  {properties}\n)"
    )


def at(location: str) -> str:
    """The table at a location, as Spark's SQL names it."""
    return "delta.`{}`".format(location.replace("`", "``"))


def _column(table: Table, column: Column) -> str:
    null = " NOT NULL" if is_never_null(table, column) else ""
    return f"`{column.name}` {SPARK_TYPES[column.type]}{null} COMMENT {literal(column.description)}"
