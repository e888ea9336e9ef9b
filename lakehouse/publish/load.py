"""Loading a release: staging first, then one transaction for all tables and the ledger.

In: an open connection and exported files. Out: the warehouse at the release, or as it was. Guaranteed: until the commit
nobody else sees a row of it; what differs from Delta is found before the commit; what a killed attempt staged is
removed by the next.
"""

from collections.abc import Mapping
from contextlib import suppress

from lakehouse.contract.model import Table
from lakehouse.gold.release import GOLD_TABLES, Release
from lakehouse.ops.killpoints import reached
from lakehouse.ops.opening import opened
from lakehouse.publish import ledger, statements
from lakehouse.publish.export import Exported
from lakehouse.publish.reconcile import reconcile
from lakehouse.publish.target import Target


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
            there = opened(target.lake, name, release.versions[name])
            reconcile(target.cursor, target.lake, target.lake.table(name), there)
        target.held.check()
        reached("publish-reconciled")
        target.run(statements.COMMIT)
    except BaseException:
        with suppress(Exception):  # where the connection is gone, so is the transaction
            target.run(statements.ROLLBACK)
        raise
    reached("publish-committed")
    return publication
