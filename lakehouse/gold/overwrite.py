"""A table of gold written wholly, as its contract has it today.

In: all rows of a table. Out: one commit that replaces the rows; around it, where an older contract made the table,
commits that change its constraints and clustering. Guaranteed: the table's history stays, so that
older releases can still be read; its columns, clustering and CHECK constraints are the contract's, also where an older
contract made the table. (Only NOT NULL of columns that a newer contract added is left to the constraints and `verify`.)
"""

from collections.abc import Callable

from pyspark.sql import DataFrame

from lakehouse.contract.derive.delta_table import at, check_constraints
from lakehouse.contract.model import Table
from lakehouse.gold.build import Build, commit
from lakehouse.ops import tables
from lakehouse.runtime.delta import create_table
from lakehouse.runtime.held import check_held

PREFIX = "delta.constraints."


def overwrite(build: Build, table: Table, rows: DataFrame) -> int:
    """Write the rows unless this release did so already; the version that has them."""
    create_table(build.spark, build.lake, table)
    if not _may_differ(build, table):
        return commit(build, table.name, _replacing(build, rows, table))
    _drop_other_constraints(build, table)
    version = commit(build, table.name, _replacing(build, rows, table, overwriteSchema="true"))
    _as_contracted(build, table)
    return version


def _may_differ(build: Build, table: Table) -> bool:
    """Whether another contract may have made the table: not the one it was created by just now, nor the same rules."""
    if build.base is None:
        return tables.version(build.lake, table.name) != 0
    return build.base.rule_fingerprint != build.target.rule_fingerprint


def _replacing(build: Build, rows: DataFrame, table: Table, **options: str) -> Callable[[str], None]:
    def write(location: str) -> None:
        chosen = options or {"replaceWhere": "true"}  # which, unlike a plain overwrite, keeps the clustering
        writer = rows.select(*(c.name for c in table.columns)).write.format("delta").mode("overwrite")
        writer.options(**chosen, userMetadata=build.target.release_id).save(location)

    return write


def _drop_other_constraints(build: Build, table: Table) -> None:
    """Else a constraint of an older contract would refuse the rows of this one."""
    wanted = check_constraints(table)
    for name, condition in _detail(build, table)[0].items():
        if wanted.get(name) != condition:
            _alter(build, table, f"DROP CONSTRAINT IF EXISTS `{name}`")


def _as_contracted(build: Build, table: Table) -> None:
    """Add what is missing; a killed run may have left any of it."""
    constraints, clustering = _detail(build, table)
    if clustering != table.cluster_by:
        columns = f"({', '.join(table.cluster_by)})" if table.cluster_by else "NONE"
        _alter(build, table, f"CLUSTER BY {columns}")
    for name, condition in check_constraints(table).items():
        if name not in constraints:
            _alter(build, table, f"ADD CONSTRAINT `{name}` CHECK ({condition})")


def _alter(build: Build, table: Table, change: str) -> None:
    """One commit, under the leases that this process holds."""
    check_held()
    build.spark.sql(f"ALTER TABLE {_at(build, table)} {change}")


def _detail(build: Build, table: Table) -> tuple[dict[str, str], tuple[str, ...]]:
    """The table's CHECK constraints by name, and the columns it is clustered by."""
    row = build.spark.sql(f"DESCRIBE DETAIL {_at(build, table)}").collect()[0]
    constraints = {k.removeprefix(PREFIX): v for k, v in row["properties"].items() if k.startswith(PREFIX)}
    return constraints, tuple(row["clusteringColumns"])


def _at(build: Build, table: Table) -> str:
    return at(build.lake.location(table.name))
