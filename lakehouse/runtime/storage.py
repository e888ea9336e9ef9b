"""Where a lakehouse keeps things: what any store must do, and how places in it are called.

In: locations as text, which Spark and Delta read, too. Out: the few operations that the product needs beside theirs.
Guaranteed, by each store: an object is there whole or not at all, and one that is there is never written again. Layers
and jobs ask a `Store`, and never what it is made of.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from lakehouse.errors import JobError

if TYPE_CHECKING:  # loaded where Parquet files are
    from pyarrow.fs import FileSystem

Say = Callable[[str], None]

UNFINISHED = ".part"
"""What comes after the name of an object that is only half there, where `objects_below` tells of one."""


class OtherBytesError(Exception):
    """A file's bytes are not those that were announced."""


class ForeignObjectError(Exception):
    """An object is there already, and its bytes are not those that its name stands for."""


class Lease(Protocol):
    """One writer a table: held for the length of a `with` block."""

    def check(self) -> None:
        """Make sure, before each commit, that the lease still holds.

        Raises:
            JobError: it does not; nothing more may be committed.
        """

    def guard(self, jvm: int | None) -> None:
        """Record the JVM that may commit under this lease, so that a successor waits for its end."""


class Store(Protocol):
    """A folder or a bucket: locations below `root` are its own."""

    @property
    def root(self) -> str:
        """The location of the lakehouse."""

    @property
    def filesystem(self) -> "FileSystem":
        """Its Parquet files as pyarrow reads and writes them, by their `path_of`."""

    @property
    def delta_options(self) -> Mapping[str, str]:
        """What delta-rs must be told to open a table there; no secret is among it."""

    @property
    def turn_seconds(self) -> float:
        """So long a lease is to be left free for whoever waits for it: some looks of theirs."""

    def path_of(self, location: str) -> str:
        """A location as `filesystem` calls it."""

    def table_exists(self, location: str) -> bool:
        """Whether a Delta table has been created there."""

    def open_object(self, location: str) -> BinaryIO:
        """The bytes of an object, to be read in order."""

    def object_size(self, location: str) -> int | None:
        """Its size in bytes; None where there is no such object, be it that something else has its name."""

    def objects_below(self, location: str) -> Iterator[tuple[str, int]]:
        """The objects below a location, each with its path from there and its size.

        What is only half there is among them, with `UNFINISHED` in its path.
        """

    def put_once(self, source: Path, location: str, sha256: str) -> bool:
        """Copy a local file to an object that does not exist yet; False where it is there already, with these bytes.

        Raises:
            OtherBytesError: the file's bytes are no longer those of the given sha256.
            ForeignObjectError: the object that is there has other bytes.
        """

    def written(self, location: str) -> AbstractContextManager[Path]:
        """A file to write; once the block has ended well it is the object, in place of what was there."""

    def remove_object(self, location: str) -> None:
        """Remove an object, or what is half there; nothing where there is none."""

    def remove_tree(self, location: str) -> None:
        """Remove everything below a location; nothing where there is nothing."""

    def refusal(self, location: str) -> JobError | None:
        """What an error about a location was about, in our words; None where its own may be told."""

    def checks(self) -> Iterable[tuple[str, Callable[[], str]]]:
        """What `lakehouse doctor` tries there beside leases: names, and what tells of each, or raises a `JobError`."""

    def lease(self, table: str, *, wait: bool = True, say: Say = lambda _: None) -> AbstractContextManager[Lease]:
        """Hold the lease of a table.

        Args:
            table: its name, such as `silver.sales`.
            wait: wait for another owner; else fail.
            say: takes one line when waiting begins.

        Raises:
            JobError: another process holds it and `wait` is false.
        """


def table_location(root: str, table: str) -> str:
    """`<root>/silver/sales` for `silver.sales`."""
    return f"{root}/{table.replace('.', '/')}"


def object_location(root: str, path: str) -> str:
    """The location of a path relative to the root."""
    return f"{root}/{path}"


def staging_location(root: str, name: str) -> str:
    """Where a table, or a release, keeps its intermediate results; worthless once they are in it."""
    return f"{root}/staging/{name}"


def sha256_of(path: Path) -> str:
    """The sha256 of a local file, hexadecimal."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
