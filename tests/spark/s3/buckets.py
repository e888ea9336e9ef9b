"""Buckets of the S3 that tests are served: who asks it, and copies of one bucket in another.

In: an address and names of buckets. Out: a client, or a bucket with the same objects.
"""

import re
from typing import Any

import boto3

from scripts.s3_server import asked_of, make_bucket

VERSION = re.compile(r"/_delta_log/\d{20}\.json$")


def client(address: str) -> Any:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client("s3", endpoint_url=address, region_name="us-east-1", **keys)


def keys(address: str, bucket: str) -> list[str]:
    """The keys of all objects."""
    pages = client(address).get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [one["Key"] for page in pages for one in page.get("Contents", [])]


def commits_without_a_look(address: str, bucket: str) -> tuple[int, list[str]]:
    """How many versions of tables were put into a bucket, and those before which nobody looked at a lease.

    That is, not since the last version of the same table: tables that are written side by side share no look either,
    so that there are as many looks as versions, too.
    """
    looks, seen, versions, without = 0, dict[str, int](), 0, list[str]()
    for kind, path in asked_of(address):
        if kind == "list" and path.startswith(f"/{bucket}/leases/"):
            looks += 1
        elif kind == "put" and path.startswith(f"/{bucket}/") and VERSION.search(path):
            table = VERSION.sub("", path)
            without += [path] if seen.get(table, 0) == looks else []
            seen[table], versions = looks, versions + 1
    return versions, without if looks >= versions else [*without, f"{looks} looks for {versions} versions"]


def copied_bucket(address: str, bucket: str | None, name: str) -> str:
    """A new bucket with the objects of another; an empty one where none is given."""
    make_bucket(address, name)
    asked = client(address)
    for key in keys(address, bucket) if bucket else ():
        asked.copy_object(Bucket=name, Key=key, CopySource={"Bucket": bucket, "Key": key})
    return name
