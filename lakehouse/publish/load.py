"""Loading a release: staging first, then one transaction for all tables and the ledger.

In: an open connection and exported files. Out: the warehouse at the release, or as it was. Guaranteed: until the commit
nobody else sees a row of it; what differs from Delta is found before the commit; what a killed attempt staged is
removed by the next.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakehouse.contract.derive.warehouse_ddl import published_columns, warehouse_name
from lakehouse.contract.model import Table
from lakehouse.errors import JobError
from lakehouse.gold.release import GOLD_TABLES, Release
from lakehouse.ops.killpoints import reached
from lakehouse.publish import ledger, statements
from lakehouse.publish.export import Exported
from lakehouse.publish.reconcile import reconcile
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import Lease

if TYPE_CHECKING:
    from snowflake.connector.cursor import SnowflakeCursor


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a release goes: a session of the warehouse, the lakehouse, and the publisher's lease."""

    cursor: "SnowflakeCursor"
    lake: Lake
    held: Lease

    def run(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        return self.cursor.execute(statement, values).fetchall()  # type: ignore[union-attr]


def prepare(target: Target) -> set[str]:
    """Make the tables that are not there, with the columns of today's contracts; clear what a killed attempt left.

    Returns:
        The names of tables that were given columns: all their rows must move.

    Raises:
        JobError: a table has columns that its contract has not.
    """
    for (name,) in target.run(statements.LEFTOVERS, (statements.STAGING,)):
        target.run(statements.drop(name))
    tables = [target.lake.table(name) for name in GOLD_TABLES]
    for statement in statements.creation([*tables, target.lake.table(ledger.LEDGER)]):
        target.run(statement)
    return {table.name for table in tables if _evolved(target, table)}


def _evolved(target: Target, table: Table) -> bool:
    """Give a table the columns that it lacks; whether there were any."""
    target.run(statements.columns_of(table))
    there = {column.name for column in target.cursor.description}
    wanted = {c.name.upper(): c for c in published_columns(table)}
    if more := sorted(there - set(wanted)):
        raise JobError(
            f"{warehouse_name(table)} has columns in the warehouse that its contract has not ({', '.join(more)}): "
            f"drop the table there, and publish again; all of it follows from gold"
        )
    missing = [column for name, column in wanted.items() if name not in there]
    for column in missing:
        target.run(statements.add_column(table, column))
    return bool(missing)


def load(
    target: Target, release: Release, exported: Mapping[str, Exported], before: ledger.Publication | None
) -> ledger.Publication:
    """Bring the warehouse to a release.

    Args:
        exported: the files of each table that moves.
        before: the newest publication there.

    Raises:
        JobError: the warehouse would not be as Delta is; it stays as it was.
    """
    staged = {name: statements.staging_name(release.release_id, target.lake.table(name)) for name in exported}
    try:
        for name, one in exported.items():
            _stage(target, target.lake.table(name), staged[name], one)
        reached("publish-staged")
        return _transaction(target, release, exported, staged, before)
    finally:
        with suppress(Exception):  # the next attempt removes them
            for name in staged.values():
                target.run(statements.drop(name))


def _stage(target: Target, table: Table, staging: str, exported: Exported) -> None:
    """A staging table with the rows of the files."""
    target.run(statements.create_staging(staging, table))
    for file in exported.files:
        target.run(statements.put(str(file), staging))
    if exported.files:
        target.run(statements.copy_into(staging))


def _transaction(
    target: Target,
    release: Release,
    exported: Mapping[str, Exported],
    staged: Mapping[str, str],
    before: ledger.Publication | None,
) -> ledger.Publication:
    publication = ledger.next_of(release, before)
    target.run(statements.BEGIN)
    try:
        for name, one in exported.items():
            make = statements.replace_all if one.complete else statements.replace_changed
            for statement in make(target.lake.table(name), staged[name]):
                target.run(statement)
        ledger.write(target.cursor, target.lake, publication)
        reached("publish-loaded")
        for name in GOLD_TABLES:
            reconcile(target.cursor, target.lake.table(name), target.lake.location(name), release.versions[name])
        target.held.check()
        reached("publish-reconciled")
        target.run(statements.COMMIT)
    except BaseException:
        with suppress(Exception):  # where the connection is gone, so is the transaction
            target.run(statements.ROLLBACK)
        raise
    reached("publish-committed")
    return publication
