"""Bronze against its ledger: what is missing, what has changed, what nobody has recorded.

In: `ops.landed_files`, the objects below `bronze`. Out: an `Audit`; on request, unknown objects removed.
Guaranteed: only `clean` writes or locks; it removes nothing that a row of the ledger names, whatever its status,
nor anything that it was not given. Verify compares objects with their rows by the same function.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from lakehouse.bronze import ledger
from lakehouse.bronze.ledger import FOLDER, KEPT, LANDING, Landing
from lakehouse.errors import JobError
from lakehouse.ops import accounting, tables
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import Say

LOST = (
    f"bronze or the accounting has landings of which {ledger.TABLE} has no row, so it is the ledger that seems lost; "
    f"bring {ledger.TABLE} back from a backup, or lakehouse reset begins anew"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """An object that is not what its landing says; `found` is None where there is no object."""

    landing: Landing
    what: Literal["bytes", "sha256"]
    expected: int | str
    found: int | str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """An object that no row of the ledger names, with its path as a row would have it."""

    path: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """What was checked, the files and bytes that were read, and what was found."""

    files: int
    read: int
    missing: tuple[Difference, ...]
    changed: tuple[Difference, ...]
    unknown: tuple[Unknown, ...]
    interrupted: tuple[Landing, ...]
    ledger_lost: bool
    """Whether rows of the ledger are gone: what is unknown then may be what has landed."""

    @property
    def ok(self) -> bool:
        """Whether all bytes are there that must be, and all rows that tell of them."""
        return not (self.missing or self.changed or self.ledger_lost)


def audit(lake: Lake, *, say: Say = lambda _: None) -> Audit:
    """Read every object that must be there, and list the others.

    Objects are listed before the ledger is read: a landing under way is in the ledger before its object is there. So
    all that is ever seen of it is a row `landing`, as interrupted, and its `.part` file, as unknown.
    """
    there = _objects(lake)
    landings = ledger.read(lake)
    kept = kept_objects(landings)
    say(f"reading {len(kept)} file(s) in bronze")
    differing = [found for one in kept if (found := difference(lake, one)) is not None]
    not_read = {one.landing.path for one in differing if one.what == "bytes"}
    return Audit(
        files=len(kept),
        read=sum(one.size for one in kept if one.path not in not_read),
        missing=tuple(one for one in differing if one.found is None),
        changed=tuple(one for one in differing if one.found is not None),
        unknown=tuple(_unknown(there, landings)),
        interrupted=tuple(one for one in landings if one.status == LANDING),
        ledger_lost=_is_lost(lake, landings, there),
    )


def kept_objects(landings: Iterable[Landing]) -> list[Landing]:
    """A landing for each object that must be there; several landings may have one object."""
    return list({one.path: one for one in landings if one.status in KEPT}.values())


def difference(lake: Lake, one: Landing) -> Difference | None:
    """How the object of a landing differs from its row: there or not, size, sha256; None where it does not."""
    location = lake.object(one.path)
    size = lake.store.object_size(location)
    if size != one.size:
        return Difference(landing=one, what="bytes", expected=one.size, found=size)
    with lake.store.open_object(location) as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    if found != one.sha256:
        return Difference(landing=one, what="sha256", expected=one.sha256, found=found)
    return None


def clean(lake: Lake, agreed: Collection[Unknown], *, say: Say = lambda _: None) -> list[Unknown]:
    """Remove those of the objects that are still unknown while nobody lands; which they were.

    Raises:
        JobError: rows of the ledger are gone, so that what has landed would be unknown.
    """
    with lake.lease(ledger.TABLE, say=say) as held:
        landings, there = ledger.read(lake), _objects(lake)
        if _is_lost(lake, landings, there):
            raise JobError(f"nothing was removed: {LOST}")
        removed = [one for one in _unknown(there, landings) if one in agreed]
        for one in removed:
            held.check()
            lake.store.remove_object(lake.object(one.path))
    return removed


def _is_lost(lake: Lake, landings: Collection[Landing], there: Collection[Unknown]) -> bool:
    """Whether the ledger has no row though there are objects, or none for a landing whose batch was accounted for."""
    accounted = {row["landing_id"] for row in tables.read(lake, accounting.TABLE, ["landing_id"], kind=accounting.CSV)}
    return bool(there and not landings) or not accounted <= {one.landing_id for one in landings}


def _objects(lake: Lake) -> list[Unknown]:
    """All that is in bronze, whether anybody knows of it or not, but for its Delta tables: their logs tell of those."""
    of_tables = tuple(f"{name.replace('.', '/')}/" for name in lake.catalog.tables)
    there = ((f"{FOLDER}/{path}", size) for path, size in lake.store.objects_below(lake.object(FOLDER)))
    return [Unknown(path=path, size=size) for path, size in there if not path.startswith(of_tables)]


def _unknown(there: Iterable[Unknown], landings: Iterable[Landing]) -> list[Unknown]:
    named = {one.path for one in landings}
    return sorted((one for one in there if one.path not in named), key=lambda one: one.path)
