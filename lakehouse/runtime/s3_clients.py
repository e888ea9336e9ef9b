"""Clients of S3, made once a process, and objects as they are asked for.

In: how a store is reached. Out: clients of botocore, and `S3Object`. Guaranteed: a process never uses a client of its
parent's; every put carries the encryption that was asked for, whoever makes it.
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.config import Config

from lakehouse.runtime.s3_leases import CLIENT as FOR_LEASES

SCHEME = "s3a://"
FOR_OBJECTS = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10, read_timeout=60)
"""How a client for objects is made: none of them expires, so that it may take its time."""
ENCRYPTED = ("PutObject", "CreateMultipartUpload")
ALGORITHMS = {"sse-s3": "AES256", "sse-kms": "aws:kms"}
"""What S3 calls the encryptions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """How a store is reached; `endpoint` is None for Amazon's own, whatever the environment says."""

    region: str
    endpoint: str | None
    ca_file: str | None
    path_style: bool
    encryption: str
    kms_key: str | None

    def client(self, *, for_leases: bool = False) -> Any:
        """The client of this process, to be shared by its threads."""
        return _made(self, for_leases, os.getpid())

    @property
    def put_parameters(self) -> dict[str, str]:
        """What each put says of encryption; nothing where the bucket's own default will do."""
        if self.encryption not in ALGORITHMS:
            return {}
        key = {"SSEKMSKeyId": self.kms_key} if self.kms_key else {}
        return {"ServerSideEncryption": ALGORITHMS[self.encryption], **key}


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Object:
    """A place in a bucket, whether there is an object or not, and who asks for it."""

    client: Any
    bucket: str
    key: str

    @property
    def location(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    @property
    def named(self) -> dict[str, str]:
        """How operations call it."""
        return {"Bucket": self.bucket, "Key": self.key}


@cache
def _made(reach: Reach, for_leases: bool, process: int) -> Any:
    """A client; the process is among the arguments since a connection must not be shared with a fork.

    Checksums are left to who puts: what botocore adds of its own accord comes as trailers, which other stores than
    Amazon's may not read. Endpoints of the environment are ignored, by Spark as well: leases
    in one store for tables in another would exclude nobody.
    """
    from botocore.session import Session  # takes a while, and whoever only names a store does not need it

    by_host = "virtual" if reach.endpoint else "auto"  # which is by path for endpoints other than Amazon's
    config = (FOR_LEASES if for_leases else FOR_OBJECTS).merge(
        Config(
            s3={"addressing_style": "path" if reach.path_style else by_host},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            ignore_configured_endpoint_urls=True,
        )
    )
    there = {"region_name": reach.region, "endpoint_url": reach.endpoint, "verify": reach.ca_file}
    client = Session().create_client("s3", config=config, **there)

    def encrypted(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, **reach.put_parameters}

    for operation in ENCRYPTED:
        client.meta.events.register(f"provide-client-params.s3.{operation}", encrypted)
    return client
