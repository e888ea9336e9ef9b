"""A lakehouse in a folder of this machine.

In: its root. Out: a `Store`. Guaranteed: the bytes of an object are on the disk before it has its name; a lease is the
operating system's lock.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, BinaryIO

from lakehouse.errors import JobError
from lakehouse.runtime.leases import POLL_SECONDS, LocalLease, lease
from lakehouse.runtime.storage import UNFINISHED, ForeignObjectError, OtherBytesError, Say, sha256_of

if TYPE_CHECKING:
    from pyarrow.fs import LocalFileSystem


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalStore:
    """A folder; see `Store` for what each method does. Locations are paths."""

    root: str

    @property
    def filesystem(self) -> "LocalFileSystem":
        from pyarrow.fs import LocalFileSystem

        return LocalFileSystem()

    @property
    def delta_options(self) -> Mapping[str, str]:
        return {}

    @property
    def turn_seconds(self) -> float:
        return 3 * POLL_SECONDS

    def path_of(self, location: str) -> str:
        return location

    def table_exists(self, location: str) -> bool:
        return Path(location, "_delta_log").is_dir()

    def open_object(self, location: str) -> BinaryIO:
        return Path(location).open("rb")

    def object_size(self, location: str) -> int | None:
        try:
            found = Path(location).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_size if S_ISREG(found.st_mode) else None

    def objects_below(self, location: str) -> Iterator[tuple[str, int]]:
        """A link below is no object, and leads nowhere: what it points to may be anybody's."""
        for folder, _, names in os.walk(location, onerror=_unless_gone):
            for name in names:
                path = Path(folder, name)
                try:
                    found = path.lstat()
                except FileNotFoundError:  # what was half there in a landing that has just been completed
                    continue
                if S_ISREG(found.st_mode):
                    yield path.relative_to(location).as_posix(), found.st_size

    def put_once(self, source: Path, location: str, sha256: str) -> bool:
        """A kill leaves at most a `.part` file, which the next attempt overwrites; a full disk keeps no half a file."""
        target = Path(location)
        if target.exists():
            if sha256_of(target) != sha256:
                raise ForeignObjectError(location)
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + UNFINISHED)
        try:
            if _copied(source, part) != sha256:
                raise OtherBytesError(source.name)
            os.replace(part, target)
        except Exception:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return True

    @contextmanager
    def written(self, location: str) -> Iterator[Path]:
        """Until the block ends it has a name that nobody reads who takes all files of a folder."""
        target = Path(location)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}{UNFINISHED}")
        try:
            yield part
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)

    def remove_object(self, location: str) -> None:
        Path(location).unlink(missing_ok=True)

    def remove_tree(self, location: str) -> None:
        shutil.rmtree(location, ignore_errors=True)

    def refusal(self, location: str) -> JobError | None:
        return None

    def checks(self) -> Iterable[tuple[str, Callable[[], str]]]:
        """None: it is below LAKEHOUSE_HOME, which is looked at in any case."""
        return ()

    def lease(self, table: str, *, wait: bool = True, say: Say = lambda _: None) -> AbstractContextManager[LocalLease]:
        return lease(self.root, table, wait=wait, say=say)


def _unless_gone(error: OSError) -> None:
    """A folder that cannot be read is told; one that is not there has no objects."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _copied(source: Path, part: Path) -> str:
    """Copy the bytes down to the disk; their sha256."""
    digest = hashlib.sha256()
    with source.open("rb") as read, part.open("wb") as write:
        while block := read.read(1 << 20):
            digest.update(block)
            write.write(block)
        write.flush()
        os.fsync(write.fileno())
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
