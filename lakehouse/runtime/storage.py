"""Where things are: the one module that knows what a location is made of.

In: the root of a lakehouse. Out: locations as text, for Spark, Delta and Python alike, and the few
operations on files that the product needs. Guaranteed: an object is there whole or not at all, and one
that is there is never written again.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

import pyarrow as pa
from pyarrow.dataset import dataset, field, write_dataset

PART_SUFFIX = ".part"


class OtherBytesError(Exception):
    """A file's bytes are not those that were announced."""


class ForeignObjectError(Exception):
    """An object is there already, and its bytes are not those that its name stands for."""


def table_location(root: str, table: str) -> str:
    """`<root>/silver/sales` for `silver.sales`."""
    return f"{root}/{table.replace('.', '/')}"


def object_location(root: str, path: str) -> str:
    """The location of a path relative to the root."""
    return f"{root}/{path}"


def staging_location(root: str, batch_id: str) -> str:
    """Where a batch keeps its intermediate results; worthless once the batch is done."""
    return f"{root}/staging/{batch_id}"


def table_exists(location: str) -> bool:
    """Whether a Delta table has been created there."""
    return Path(location, "_delta_log").is_dir()


def open_object(location: str) -> BinaryIO:
    """The bytes of an object, to be read in order."""
    return Path(location).open("rb")


def parquet_batches(location: str) -> pa.RecordBatchReader:
    """The rows of a folder of Parquet files, in batches."""
    return dataset(location, format="parquet").scanner().to_reader()


def parquet_columns(location: str, columns: Sequence[str]) -> pa.Table:
    """These columns of a folder of Parquet files, all where none is named; `was.day` is a field of a column `was`."""
    there = dataset(location, format="parquet")
    return there.to_table({name: field(*name.split(".")) for name in columns or there.schema.names})


def write_parquet(location: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write rows to a folder of Parquet files, in place of what is there."""
    typed = (batch.cast(schema) for batch in batches)
    reader = pa.RecordBatchReader.from_batches(schema, typed)
    write_dataset(reader, location, format="parquet", existing_data_behavior="delete_matching")


def object_size(location: str) -> int | None:
    """Its size in bytes; None where there is no such object, be it that something else has its name."""
    try:
        found = Path(location).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size if S_ISREG(found.st_mode) else None


def objects_below(location: str) -> Iterator[tuple[str, int]]:
    """The objects below a location, each with its path from there and its size; half-written ones are among them.

    A link below is no object, and leads nowhere: what it points to may be anybody's.
    """
    for folder, _, names in os.walk(location, onerror=_unless_gone):
        for name in names:
            path = Path(folder, name)
            try:
                found = path.lstat()
            except FileNotFoundError:  # the `.part` of a landing that has just been completed
                continue
            if S_ISREG(found.st_mode):
                yield path.relative_to(location).as_posix(), found.st_size


def _unless_gone(error: OSError) -> None:
    """A folder that cannot be read is told; one that is not there has no objects."""
    if not isinstance(error, FileNotFoundError):
        raise error


def put_once(source: Path, location: str, sha256: str) -> bool:
    """Copy a local file to an object that does not exist yet; False where it is there already, with these bytes.

    The bytes are on the disk before the object has its name, so that a kill leaves at most a `.part` file,
    which the next attempt overwrites; a full disk does not keep half a file.

    Raises:
        OtherBytesError: the file's bytes are no longer those of the given sha256.
        ForeignObjectError: the object that is there has other bytes.
    """
    target = Path(location)
    if target.exists():
        if sha256_of(target) != sha256:
            raise ForeignObjectError(location)
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + PART_SUFFIX)
    try:
        if _copied(source, part) != sha256:
            raise OtherBytesError(source.name)
        os.replace(part, target)
    except Exception:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    return True


def sha256_of(path: Path) -> str:
    """The sha256 of a local file, hexadecimal."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


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


def remove_object(location: str) -> None:
    """Remove an object; nothing where there is none."""
    Path(location).unlink(missing_ok=True)


def remove_tree(location: str) -> None:
    """Remove everything below a location; nothing where there is nothing."""
    shutil.rmtree(location, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
