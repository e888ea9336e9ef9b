"""The job from gold to the warehouse: the newest release, published.

In: the newest complete release and its Delta versions. Out: the warehouse at that release. Guaranteed: one publisher at
a time (the lease `warehouse`); a release that is there already is a no-op; after a kill the release before is what
readers see, and one more run completes it.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from lakehouse.errors import JobError, LakehouseError
from lakehouse.gold.release import COMPLETE, GOLD_TABLES, Release, newest, releases
from lakehouse.ops.killpoints import reached
from lakehouse.publish import ledger
from lakehouse.publish.connection import connected, sentence_of
from lakehouse.publish.emulator import PUBLISHER
from lakehouse.publish.export import LARGEST_SHARE, Exported, export_all, export_changed
from lakehouse.publish.load import load
from lakehouse.publish.schema import prepare
from lakehouse.publish.target import Target
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import Say, staging_location

WAREHOUSE = "warehouse"
STAGING = "publish"
"""The folder of exported files, below the staging of the lakehouse."""

UNFIT_FOR_PUT = re.compile(r"['\\*?\[\]]")
"""Quotes, which the connector does not read rightly, and what it takes for a pattern."""

PUBLISH_POINTS = (
    "publish-begun",
    "publish-exported",
    "publish-staged",
    "publish-loaded",
    "publish-reconciled",
    "publish-committed",
    "publish-done",
)
"""The kill points of this job; from loaded to reconciled its transaction is open."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What a publication did: its release, whether it is new there, and the rows that moved, by table."""

    release_id: str
    number: int
    sequence: int
    place: str
    new: bool
    moved: Mapping[str, int]


def publish(lake: Lake, *, full: bool = False, wait: bool = True, say: Say = lambda _: None) -> Published | None:
    """Publish the newest release.

    Args:
        full: move every row, also where the release is there already.
        wait: wait for another publisher, or for who has the local warehouse open; else fail.
        say: takes a line of progress.

    Returns:
        None where there is no release yet.

    Raises:
        UsageError: the settings of the warehouse name no key file.
        JobError: the warehouse does not answer, or would not be as Delta is; readers see the release before.
    """
    if newest(lake) is None:
        return None
    with lake.lease(WAREHOUSE, wait=wait, say=say) as held:
        release = newest(lake)  # under the lease: never an older one after a newer one
        if release is None:
            return None
        if release.expired:
            raise JobError(f"release {release.number} is expired: lakehouse run --source NAME makes a new one")
        with connected(lake.settings, PUBLISHER, wait=wait, say=say) as connection:
            target = Target(cursor=connection.cursor(), lake=lake, held=held)
            try:
                return _published(target, release, full, say)
            except LakehouseError:
                raise
            except Exception as error:
                if not type(error).__module__.startswith("snowflake."):
                    raise
                raise JobError(
                    f"the warehouse refused the release: {sentence_of(error)}; nothing was published, run it again"
                ) from error


def _published(target: Target, release: Release, full: bool, say: Say) -> Published:
    lake = target.lake
    reached("publish-begun")
    evolved = prepare(target)
    before = ledger.newest(target.cursor, lake)
    if before is not None and before.is_of(release) and not (full or evolved):
        ledger.record(lake, before)
        return _told(lake, before, None)
    with _folder(lake) as folder:
        exported = {}
        for name in GOLD_TABLES:
            one = _exported(lake, release, name, folder, None if full or name in evolved else before)
            if one is not None:
                say(f"warehouse: {name} ({one.rows} row(s){'' if one.complete else ' changed'})")
                exported[name] = one
        reached("publish-exported")
        publication = load(target, release, exported, before)
    ledger.record(lake, publication)
    reached("publish-done")
    return _told(lake, publication, exported)


def _told(lake: Lake, publication: ledger.Publication, exported: Mapping[str, Exported] | None) -> Published:
    return Published(
        release_id=publication.release_id,
        number=publication.release_number,
        sequence=publication.sequence,
        place=lake.settings.warehouse.place,
        new=exported is not None,
        moved={name: one.rows for name, one in (exported or {}).items()},
    )


@contextmanager
def _folder(lake: Lake) -> Iterator[Path]:
    """Where files wait for their upload: on this machine, but for a path that PUT would take for something else."""
    folder = staging_location(lake.home, STAGING)
    if UNFIT_FOR_PUT.search(folder):
        with TemporaryDirectory(prefix="lakehouse-") as elsewhere:
            yield Path(elsewhere)
        return
    rmtree(folder, ignore_errors=True)  # of a killed attempt
    try:
        yield Path(folder)
    finally:
        rmtree(folder, ignore_errors=True)


def _exported(
    lake: Lake, release: Release, name: str, folder: Path, before: ledger.Publication | None
) -> Exported | None:
    """What must move of a table: nothing where it is the same, changed rows where those are few, else all."""
    table, version = lake.table(name), release.versions[name]
    if before is not None and before.digests.get(name) == release.digests[name]:
        return None
    if before is not None and _is_of_here(lake, before):
        most = release.row_counts[name] // LARGEST_SHARE
        changed = export_changed(lake, table, before.versions[name], version, folder / name, most)
        if changed is not None:
            return changed
        rmtree(folder / name, ignore_errors=True)
    return export_all(lake, table, version, folder / name)


def _is_of_here(lake: Lake, before: ledger.Publication) -> bool:
    """Whether a publication's versions are those of this lakehouse, not of one before it was begun anew."""
    return any(before.is_of(one) for one in releases(lake) if one.status == COMPLETE)
