"""Landing: files into bronze, bytes unchanged, each recorded in the ledger before and after it is written.

In: local files of one source. Out: objects under `bronze/<source>/year=/month=/day=/`, rows of
`ops.landed_files`, and an outcome a file. Guaranteed: a landing is written once; a kill leaves a row
`landing` that the same call completes; a file that is not a CSV of the source is kept, recorded and told.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from lakehouse.bronze import ledger
from lakehouse.bronze.arrivals import MODIFICATION_TIME, as_of_of, name_of
from lakehouse.bronze.detect import RejectedFile, inspect_file
from lakehouse.bronze.ledger import ABANDONED, EXPIRED, FOLDER, KEPT, LANDED, LANDING, REJECTED, Landing
from lakehouse.contract.model import Source
from lakehouse.errors import JobError
from lakehouse.ops.killpoints import reached
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import ForeignObjectError, OtherBytesError, Say, sha256_of

Progress = Callable[[str, int, int], None]
"""Takes a file's name, how many are done, and how many there are."""

LONGEST_NAME = 120
"""Bytes of a file's name that its object keeps; file systems take 255 with the digest and an ending."""

CHANGED = "changed while it was read"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one file: landed now, known before, or rejected; `note` says what is worth saying."""

    landing: Landing
    what: Literal["landed", "known", "rejected"]
    note: str | None = None


def land(
    lake: Lake,
    source: Source,
    files: Sequence[Path],
    *,
    as_of: datetime | None = None,
    wait: bool = True,
    say: Say = lambda _: None,
    progress: Progress = lambda *_: None,
) -> list[Outcome]:
    """Land files of a source.

    Args:
        as_of: the moment of their extraction; else from their names or modification times.
        wait: wait for another process that is landing; else fail.

    Raises:
        UsageError: an as-of lies in the future; then nothing has landed.
        JobError: the lease is held and `wait` is false, or a file changed while it was read.
    """
    now = datetime.now(UTC)
    moments = [as_of_of(path, source, as_of, now) for path in files]
    arrived: dict[Path, Landing] = {}
    for done, (path, (moment, came_from)) in enumerate(zip(files, moments, strict=True)):
        progress(name_of(path), done, len(files))
        arrived[path] = _inspected(path, source, moment, came_from, now)
    with lake.lease(ledger.TABLE, wait=wait, say=say):
        known = ledger.read(lake, source=source.name)
        outcomes = _outcomes(arrived, known)
        todo = {path: o.landing for path, o in outcomes.items() if o.what != "known"}
        reached("landing-begun")
        ledger.write(lake, (replace(landing, status=LANDING) for landing in _distinct(todo.values())))
        reached("ledger-landing")
        for path, landing in todo.items():
            _put(lake, path, landing)
            reached("object-put")
        ledger.write(lake, [*_superseded(known, outcomes.values()), *_distinct(todo.values())])
        reached("ledger-landed")
    return list(outcomes.values())


def _put(lake: Lake, path: Path, landing: Landing) -> None:
    """Keep a file's bytes; those that are gone before they could be kept are no landing.

    Raises:
        JobError: the file changed since it was inspected, or another object has its place.
    """
    try:
        lake.store.put_once(path, lake.object(landing.path), landing.sha256)
    except OtherBytesError as error:
        ledger.write(lake, [replace(landing, status=ABANDONED, reason=CHANGED)])
        raise _changed(path) from error
    except ForeignObjectError as error:
        raise JobError(
            f"{name_of(path)} cannot be kept: {error} is there already and has other bytes; move it away "
            "(`lakehouse audit bronze` tells of all such objects) and run the command again"
        ) from error


def _changed(path: Path) -> JobError:
    return JobError(f"{name_of(path)} {CHANGED}: run the command again once it is complete")


def _superseded(known: Iterable[Landing], outcomes: Collection[Outcome]) -> list[Landing]:
    """Interrupted landings that nobody can complete: their bytes, or others of their name, have landed now."""
    arrived = [o.landing for o in outcomes]
    ids = {one.landing_id for one in arrived}
    told = {one.sha256 for one in arrived} | {one.file_name for one in arrived}
    return [
        replace(one, status=ABANDONED, reason="interrupted, and landed anew since")
        for one in known
        if one.status == LANDING and one.landing_id not in ids and told & {one.sha256, one.file_name}
    ]


def _inspected(path: Path, source: Source, as_of: datetime, came_from: str, now: datetime) -> Landing:
    """The landing of a file as it will be: landed with its facts, or rejected with a reason.

    Raises:
        JobError: it changed in the meantime, so that what was found out is not of the bytes to be kept.
    """
    digest = sha256_of(path)
    landing = _with_facts(path, source, as_of, came_from, now, digest)
    if sha256_of(path) != digest:
        raise _changed(path)
    return landing


def _with_facts(path: Path, source: Source, as_of: datetime, came_from: str, now: datetime, digest: str) -> Landing:
    bare = Landing(
        source=source.name,
        sha256=digest,
        as_of=as_of,
        as_of_from=came_from,
        file_name=name_of(path),
        size=path.stat().st_size,
        path=_object_path(source.name, digest, name_of(path), now),
        landed_at=now,
        status=LANDED,
    )
    try:
        facts = inspect_file(
            path,
            encoding=source.encoding,
            delimiter=source.delimiter,
            expected_headers=[c.header for c in source.columns if c.in_file],
            known_headers=[c.header for c in source.columns],
        )
    except RejectedFile as error:
        return replace(bare, status=REJECTED, reason=str(error))
    return replace(
        bare,
        encoding=facts.encoding,
        delimiter=facts.delimiter,
        header=facts.header,
        header_line=facts.header_line,
        extra_columns=facts.extra_columns,
        records=facts.records,
    )


def _object_path(source: str, digest: str, name: str, day: datetime) -> str:
    """Where a file's bytes go: content-addressed, by the day of landing; long names are cut, the ledger has them."""
    end = name.encode()[-LONGEST_NAME:].decode("utf-8", "ignore")
    return f"{FOLDER}/{source}/year={day:%Y}/month={day:%m}/day={day:%d}/{digest[:16]}-{end}"


def _outcomes(arrived: Mapping[Path, Landing], known: list[Landing]) -> dict[Path, Outcome]:
    """The outcome of each file, each one knowing those before it in the same call."""
    outcomes: dict[Path, Outcome] = {}
    for path, landing in arrived.items():
        outcomes[path] = _outcome(landing, known)
        known = [*known, outcomes[path].landing]
    return outcomes


def _outcome(landing: Landing, known: Iterable[Landing]) -> Outcome:
    """What is to become of a file, given what has landed before."""
    same_bytes = [k for k in known if k.sha256 == landing.sha256]
    settled = [k for k in same_bytes if k.status in (LANDED, EXPIRED)]
    for earlier in settled:
        if earlier.landing_id == landing.landing_id or landing.as_of_from == MODIFICATION_TIME:
            return Outcome(
                landing=earlier,
                what="known",
                note=f"landed before, on {earlier.landed_at:%Y-%m-%d %H:%M} UTC{_since(earlier)}",
            )
    if same_bytes:  # the same object, whatever the day
        landing = replace(landing, path=same_bytes[0].path)
    if landing.status == REJECTED:
        return Outcome(landing=landing, what="rejected", note=landing.reason)
    namesake = any(k.file_name == landing.file_name and k.sha256 != landing.sha256 for k in known if k.status in KEPT)
    notes = ["a file of this name with other content has landed before; this is a new one"] if namesake else []
    if landing.extra_columns:
        notes.append(f"columns the source does not know, kept in the raw file: {', '.join(landing.extra_columns)}")
    return Outcome(landing=landing, what="landed", note="; ".join(notes) or None)


def _since(landing: Landing) -> str:
    """What became of an earlier landing's file, where it is not kept any more."""
    return f", and {landing.reason}" if landing.status == EXPIRED else ""


def _distinct(landings: Iterable[Landing]) -> list[Landing]:
    """Each landing once, should a call name the same content twice."""
    by_id: Mapping[str, Landing] = {landing.landing_id: landing for landing in landings}
    return list(by_id.values())
