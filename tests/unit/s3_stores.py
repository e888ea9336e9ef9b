"""Stores in the S3 that this process serves, files to be put there, and all that a bucket holds."""

import hashlib
from pathlib import Path
from typing import Any

import botocore.retries.quota
import botocore.retries.standard
import moto.s3.models
import pytest

from lakehouse.runtime import s3_reading, s3_upload
from lakehouse.runtime.s3_store import S3Store
from tests.unit.lease_processes import BUCKET

PART = 1 << 10


def store_at(client: Any, prefix: str, **changes: Any) -> S3Store:
    """The store below a prefix, by the address of a client unless another is named."""
    options = {"endpoint": client.meta.endpoint_url, "path_style": True, **changes}
    return S3Store(bucket=BUCKET, prefix=prefix.rstrip("/"), region="us-east-1", **options)


def tiny_parts(patched: pytest.MonkeyPatch) -> None:
    """Files above a kilobyte go in parts of one."""
    patched.setattr(s3_upload, "LARGEST_PUT", PART)
    patched.setattr(s3_upload, "PART", PART)
    patched.setattr(moto.s3.models, "S3_UPLOAD_PART_MIN_SIZE", PART)


def hasty(patched: pytest.MonkeyPatch) -> None:
    """Nobody waits before trying again, nor for those who failed before."""
    patched.setattr(s3_reading, "PAUSES", (0, 0, 0))
    patched.setattr(s3_upload, "PAUSES", (0, 0, 0))
    patched.setattr(botocore.retries.standard.ExponentialBackoff, "delay_amount", lambda *_: 0)
    patched.setattr(botocore.retries.quota.RetryQuota, "acquire", lambda *_: True)


def written(folder: Path, body: bytes, name: str = "sales.csv") -> tuple[Path, str]:
    """A file and its sha256."""
    file = folder / name
    file.write_bytes(body)
    return file, hashlib.sha256(body).hexdigest()


def objects(client: Any, prefix: str) -> dict[str, bytes]:
    """Every object below a prefix, by what comes after it."""
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    keys = [one["Key"] for one in listed]
    return {key.removeprefix(prefix): client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def uploads(client: Any, prefix: str) -> list[str]:
    """The keys of unfinished uploads below a prefix."""
    listed = client.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads", [])
    return [one["Key"].removeprefix(prefix) for one in listed]


def begin_upload(client: Any, key: str, *bodies: bytes) -> str:
    """What a process that was killed leaves behind; its id."""
    upload = str(client.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"])
    for number, body in enumerate(bodies, start=1):
        client.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=number, Body=body)
    return upload
