"""Local files to objects in S3, most of which do not exist yet: small ones in one put, large ones in parts.

In: a file, the place of its object, the sha256 that was announced. Out: the object. Guaranteed of `put_once`: the store
makes it by a condition, so it is written once whoever races; its bytes have the sha256, of which the store verified
what it got; of an attempt that fails, no part stays.
"""

import hashlib
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.errors import JobError
from lakehouse.runtime.s3_clients import S3Object
from lakehouse.runtime.s3_errors import code_of
from lakehouse.runtime.s3_lease_chain import REFUSED, status_of
from lakehouse.runtime.s3_reading import opened
from lakehouse.runtime.storage import ForeignObjectError, OtherBytesError

LARGEST_PUT = 64 << 20
"""Bytes: a file up to this size is held in memory and put at once."""
PART = 32 << 20
MOST_PARTS = 10_000
PAUSES = (0.1, 0.5, 2.0)
"""Seconds after each attempt that the store refused, though nothing is there."""


def put_once(source: Path, place: S3Object, sha256: str) -> bool:
    """Copy a file to an object that does not exist yet; False where it is there already, with these bytes.

    A refused attempt means that another process was first, or that an answer to our own put was lost: what is there
    decides. So the bytes are looked at before each attempt and after the last.

    Raises:
        OtherBytesError: the file's bytes are no longer those of the given sha256.
        ForeignObjectError: the object that is there has other bytes.
        JobError: the store refuses again and again, yet has no such object.
    """
    for pause in PAUSES:
        if _is_there(place, sha256):
            return False
        if _was_put(source, place, sha256):
            return True
        time.sleep(pause)
    if _is_there(place, sha256):
        return False
    raise JobError(
        f"{place.location} could not be put, since others put and remove it at the same time: let them end, then run "
        "the command again"
    )


def put(source: Path, place: S3Object) -> None:
    """Copy a file to an object, in place of the one that is there."""
    from boto3.s3.transfer import TransferConfig, create_transfer_manager  # takes a while, and few need it

    with create_transfer_manager(place.client, TransferConfig()) as manager:
        manager.upload(str(source), place.bucket, place.key).result()


def _is_there(place: S3Object, sha256: str) -> bool:
    try:
        with opened(place) as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    except FileNotFoundError:
        return False
    if found != sha256:
        raise ForeignObjectError(place.location)
    return True


def _was_put(source: Path, place: S3Object, sha256: str) -> bool:
    """Whether the store took the file; False where it refused because the object is there, or just being put."""
    size = source.stat().st_size
    try:
        if size > LARGEST_PUT:
            _put_in_parts(source, place, sha256, max(PART, -(-size // MOST_PARTS)))
        else:
            _put_at_once(source, place, sha256)
    except ClientError as error:
        if status_of(error) in REFUSED or code_of(error) == "NoSuchUpload":  # the latter: completed, answer lost
            return False
        raise
    return True


def _put_at_once(source: Path, place: S3Object, sha256: str) -> None:
    body = source.read_bytes()
    digest = hashlib.sha256(body)
    if digest.hexdigest() != sha256:
        raise OtherBytesError(source.name)
    place.client.put_object(**place.named, Body=body, IfNoneMatch="*", ChecksumSHA256=_shown(digest))


def _put_in_parts(source: Path, place: S3Object, sha256: str, size: int) -> None:
    """Nothing is there before the upload is completed, and it is completed once all bytes are known to be right."""
    with _upload(place) as upload:
        parts, digest = list[dict[str, Any]](), hashlib.sha256()
        with source.open("rb") as read:
            while block := read.read(size):
                digest.update(block)
                parts.append(_part(place, upload, len(parts) + 1, block))
        if digest.hexdigest() != sha256:
            raise OtherBytesError(source.name)
        place.client.complete_multipart_upload(
            **place.named, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
        )


@contextmanager
def _upload(place: S3Object) -> Iterator[str]:
    """An upload in parts, by its id; aborted where it is left by an error, an interrupt included."""
    begun = place.client.create_multipart_upload(**place.named, ChecksumAlgorithm="SHA256")
    upload = str(begun["UploadId"])
    try:
        yield upload
    except BaseException:
        with suppress(ClientError, BotoCoreError):  # what stays is told by `objects_below`
            place.client.abort_multipart_upload(**place.named, UploadId=upload)
        raise


def _part(place: S3Object, upload: str, number: int, block: bytes) -> dict[str, Any]:
    """Put one part; what completing the upload says of it."""
    named = {"PartNumber": number, "ChecksumSHA256": _shown(hashlib.sha256(block))}
    answer = place.client.upload_part(**place.named, UploadId=upload, Body=block, **named)
    return {**named, "ETag": answer["ETag"]}


def _shown(digest: Any) -> str:
    """A digest as S3 writes it."""
    return b64encode(digest.digest()).decode()
