"""What the log of a Delta table names: the files of each version that it still tells of.

In: the log's objects. Out: paths below the table's folder. Guaranteed: nothing but the log is read. The form of its
actions, and how a deletion vector's file is called, is that of Delta's protocol (sections "Actions" and "Deletion
Vectors" of PROTOCOL.md in its repository).
"""

import json
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.errors import LostError
from lakehouse.runtime.lake import Lake

FOLDER = "_delta_log/"
"""Below a table's folder; what is in it is the log's own."""

_COMMIT = re.compile(r"\d{20}\.json")
_CHECKPOINT = re.compile(r"\d{20}\.checkpoint(\.[\w-]+)*\.parquet")
_NAMING = ("add", "remove", "cdc")
_OF_CHECKPOINTS = [
    f"{action}.{field}"
    for action in ("add", "remove")
    for field in ("path", "deletionVector.storageType", "deletionVector.pathOrInlineDv")
]
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
"""The digits of Z85 (ZeroMQ's RFC 32), in which the id of a file of deletion vectors is written."""

_ID_DIGITS = 20


def named_files(lake: Lake, table: str) -> set[str]:
    """The data files, change files and files of deletion vectors of all versions that the log tells of.

    Raises:
        JobError: the store does not answer, or refuses.
        LostError: a part of the log cannot be read.
    """
    folder = f"{lake.location(table)}/{FOLDER}"
    found: set[str] = set()
    for name, _ in lake.store.objects_below(folder.removesuffix("/")):
        actions = _commit if _COMMIT.fullmatch(name) else _checkpoint if _CHECKPOINT.fullmatch(name) else None
        if actions is not None:
            with lake.store.open_object(folder + name) as stream:
                body = stream.read()
            try:
                found.update(path for action in actions(body) for path in _files_of(action))
            except (ValueError, LookupError, AttributeError, pa.ArrowException) as error:
                raise LostError(f"{folder}{name}: cannot be read: bring it back from a backup") from error
    return found


def _commit(body: bytes) -> Iterator[Mapping[str, Any]]:
    return (json.loads(line) for line in body.splitlines() if line.strip())


def _checkpoint(body: bytes) -> Iterator[Mapping[str, Any]]:
    with pq.ParquetFile(BytesIO(body)) as file:
        for batch in file.iter_batches(columns=_OF_CHECKPOINTS):
            yield from batch.to_pylist()


def _files_of(action: Mapping[str, Any]) -> Iterator[str]:
    for kind in _NAMING:
        if (file := action.get(kind)) and file.get("path"):
            yield unquote(file["path"])
            vector = file.get("deletionVector") or {}
            if vector.get("storageType") == "u":  # else it is in the log itself
                yield _vector_file(vector["pathOrInlineDv"])


def _vector_file(told: str) -> str:
    """The file of a deletion vector: a prefix that may be empty, and an id."""
    prefix, digits = told[:-_ID_DIGITS], told[-_ID_DIGITS:]
    groups = (digits[at : at + 5] for at in range(0, _ID_DIGITS, 5))
    number = b"".join(_value(group).to_bytes(4, "big") for group in groups)
    return f"{prefix}{'/' if prefix else ''}deletion_vector_{UUID(bytes=number)}.bin"


def _value(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * len(_Z85) + _Z85.index(digit)
    return value
