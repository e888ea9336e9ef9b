"""Buckets of the S3 that tests are served: who asks it, and copies of one bucket in another.

In: an address and names of buckets. Out: a client, or a bucket with the same objects.
"""

from typing import Any

import boto3

from scripts.s3_server import make_bucket


def client(address: str) -> Any:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client("s3", endpoint_url=address, region_name="us-east-1", **keys)


def keys(address: str, bucket: str) -> list[str]:
    """The keys of all objects."""
    pages = client(address).get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [one["Key"] for page in pages for one in page.get("Contents", [])]


def copied_bucket(address: str, bucket: str | None, name: str) -> str:
    """A new bucket with the objects of another; an empty one where none is given."""
    make_bucket(address, name)
    asked = client(address)
    for key in keys(address, bucket) if bucket else ():
        asked.copy_object(Bucket=name, Key=key, CopySource={"Bucket": bucket, "Key": key})
    return name
