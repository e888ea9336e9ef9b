"""Uploads in parts that nobody completed: no objects, but they take room until they are aborted.

In: a folder in a bucket. Out: what is unfinished below it. Guaranteed: an upload that ends meanwhile is no error; a
store that does not tell of uploads (MinIO does so only for whole keys) has none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lakehouse.runtime.s3_clients import S3Object
from lakehouse.runtime.s3_errors import code_of
from lakehouse.runtime.s3_lease_chain import ABSENT, NOT_IMPLEMENTED, status_of

NOT_ALLOWED = 405


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """An upload in parts, of the object that it would have become."""

    key: str
    id: str


def unfinished(folder: S3Object) -> Iterator[tuple[Upload, int]]:
    """The uploads below a folder, each with the bytes that it has so far."""
    pages = folder.client.get_paginator("list_multipart_uploads").paginate(Bucket=folder.bucket, Prefix=folder.key)
    try:
        found = [Upload(key=one["Key"], id=one["UploadId"]) for page in pages for one in page.get("Uploads", [])]
    except ClientError as error:
        if status_of(error) in (NOT_IMPLEMENTED, NOT_ALLOWED):
            return
        raise
    for upload in found:
        size = _size(folder.client, folder.bucket, upload)
        if size is not None:
            yield upload, size


def abort(client: Any, bucket: str, key: str, upload: str) -> bool:
    """Abort an upload; False where there is none of this id."""
    try:
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
    except ClientError as error:
        if status_of(error) in (ABSENT, NOT_IMPLEMENTED, NOT_ALLOWED) and code_of(error) != "NoSuchBucket":
            return False
        raise
    return True


def _size(client: Any, bucket: str, upload: Upload) -> int | None:
    """The bytes of its parts; None where it has ended meanwhile."""
    pages = client.get_paginator("list_parts").paginate(Bucket=bucket, Key=upload.key, UploadId=upload.id)
    try:
        return sum(int(part["Size"]) for page in pages for part in page.get("Parts", []))
    except ClientError as error:
        if status_of(error) == ABSENT:
            return None
        raise
