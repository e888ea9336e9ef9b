"""The files of the Delta tables against their logs: what is missing, what has changed, what no version names.

In: the tables' folders. Out: a `TablesAudit`; on request, files that no version names removed. Guaranteed: only `clean`
writes or locks; it removes nothing that the log of a table names in any version that it still tells of, nothing of a
table whose log is not whole, and nothing that it was not given.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from deltalake.exceptions import TableNotFoundError

from lakehouse.care.alone import alone
from lakehouse.care.audit import Unknown
from lakehouse.errors import LostError
from lakehouse.ops.delta_log import FOLDER, named_files
from lakehouse.ops.opening import opened
from lakehouse.runtime.held import check_held
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import Say


@dataclass(frozen=True, kw_only=True, slots=True)
class Misfit:
    """A file that is not as the newest version of its table has it; `found` is None where there is none."""

    path: str
    expected: int
    found: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TableAudit:
    """A table: the files and bytes of its newest version, what differs, what no version names, what its log lacks."""

    table: str
    files: int = 0
    bytes: int = 0
    misfits: tuple[Misfit, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    lost: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TablesAudit:
    """All tables that are there."""

    tables: tuple[TableAudit, ...]

    @property
    def misfits(self) -> tuple[Misfit, ...]:
        """Files of newest versions that are gone, or of another size."""
        return tuple(one for table in self.tables for one in table.misfits)

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """Files that no version names."""
        return tuple(one for table in self.tables for one in table.unknown)

    @property
    def ok(self) -> bool:
        """Whether all is there that must be."""
        return not self.misfits and all(one.lost is None for one in self.tables)


def audit(lake: Lake, *, say: Say = lambda _: None) -> TablesAudit:
    """List the files of each table, and read its log.

    Files are listed before the log is read: what a job has under way shows as unknown until its commit.
    """
    say("reading the logs of the tables")
    return TablesAudit(tables=tuple(_audits(lake)))


def clean(lake: Lake, agreed: Collection[Unknown]) -> list[Unknown]:
    """Remove those of the files that still no version names, while nobody writes; which they were.

    Raises:
        JobError: another process is writing to this lakehouse, or a lease is lost meanwhile.
    """
    with alone(lake):
        removed = [one for table in _audits(lake) for one in table.unknown if one in agreed]
        for one in removed:
            check_held()
            lake.store.remove_object(lake.object(one.path))
    return removed


def _audits(lake: Lake) -> Iterator[TableAudit]:
    for table in sorted(name for name in lake.catalog.tables if not name.startswith("warehouse.")):
        there = dict(lake.store.objects_below(lake.location(table)))
        if there:
            yield _audit(lake, table, there)


def _audit(lake: Lake, table: str, there: dict[str, int]) -> TableAudit:
    files = {path: size for path, size in there.items() if not path.startswith(FOLDER)}
    try:
        newest, named = opened(lake, table).get_add_actions(), named_files(lake, table)
    except TableNotFoundError:
        return TableAudit(table=table, lost=f"the log of {table} is gone" if files else None)
    except LostError as error:
        return TableAudit(table=table, lost=str(error))
    paths, sizes = (newest.column(name).to_pylist() for name in ("path", "size_bytes"))
    expected = dict(zip(map(unquote, paths), sizes, strict=True))
    if not expected.keys() <= named:  # checkpoints of another form, say
        return TableAudit(table=table, lost=f"the log of {table} names files in a way that is not known here")
    return TableAudit(
        table=table,
        files=len(paths),
        bytes=sum(sizes),
        misfits=tuple(_misfits(lake, table, expected, files)),
        unknown=tuple(
            Unknown(path=_below_root(table, path), size=size)
            for path, size in sorted(files.items())
            if _told_of(path) not in named
        ),
    )


def _misfits(lake: Lake, table: str, expected: dict[str, int], there: dict[str, int]) -> Iterator[Misfit]:
    """Looked for once more, as a file may have come after the others were listed."""
    for path, size in sorted(expected.items()):
        if there.get(path) != size:
            found = lake.store.object_size(f"{lake.location(table)}/{path}")
            if found != size:
                yield Misfit(path=_below_root(table, path), expected=size, found=found)


def _told_of(path: str) -> str:
    """The file that one is about: a file of checksums, which Hadoop keeps beside local ones, is about its neighbour."""
    file = PurePosixPath(path)
    is_checksums = file.name.startswith(".") and file.suffix == ".crc"
    return str(file.with_name(file.name[1:].removesuffix(".crc"))) if is_checksums else path


def _below_root(table: str, path: str) -> str:
    return f"{table.replace('.', '/')}/{path}"
