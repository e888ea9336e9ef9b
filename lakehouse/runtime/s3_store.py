"""A lakehouse in a bucket of S3, Amazon's or one that speaks like it.

In: a bucket, a prefix, how the store is reached. Out: a `Store`. Guaranteed: an object comes to be by a conditional put
that the store verifies; a refusal is one sentence with its remedy; credentials are botocore's to find, and no field.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from lakehouse.errors import JobError
from lakehouse.runtime import s3_upload
from lakehouse.runtime.s3_clients import ALGORITHMS, SCHEME, Reach, S3Object
from lakehouse.runtime.s3_errors import told
from lakehouse.runtime.s3_lease_chain import ABSENT, status_of
from lakehouse.runtime.s3_leases import POLL_SECONDS, S3Lease, s3_lease
from lakehouse.runtime.s3_reading import opened
from lakehouse.runtime.s3_unfinished import abort, unfinished
from lakehouse.runtime.s3a import address_of
from lakehouse.runtime.storage import UNFINISHED, Say
from lakehouse.runtime.storage_settings import by_path

if TYPE_CHECKING:  # takes a while to load, and most commands never use it
    from pyarrow.fs import S3FileSystem


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Store:
    """A bucket, or what is below a prefix of it; see `Store` for what each method does.

    Locations are `s3a://bucket/key`, as Spark and delta-rs both take them.
    """

    bucket: str
    prefix: str = ""
    """Such as `retail/lake`, without a slash at either end; empty for all of the bucket."""
    region: str
    endpoint: str | None = None
    """Such as `https://host:9000`; None for Amazon's own."""
    ca_file: str | None = None
    """The authorities of the endpoint's certificate; None for those that every machine knows."""
    path_style: bool = False
    encryption: str = "bucket"
    """`bucket` (whatever it does by itself), `sse-s3` or `sse-kms`."""
    kms_key: str | None = None
    lease_seconds: int = 60

    @property
    def root(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def below(self) -> str:
        """What the keys of all its objects begin with."""
        return f"{self.prefix}/".lstrip("/")

    @property
    def filesystem(self) -> "S3FileSystem":
        """To read from: what pyarrow wrote would be encrypted as the bucket does by itself, whatever is asked for."""
        return _filesystem(self._address, self.region, self._by_path, self.ca_file, os.getpid())

    @property
    def delta_options(self) -> Mapping[str, str]:
        """Commits of delta-rs are conditional puts; its credentials come from where botocore's do.

        What is not said here it would take from variables of these names, one by one: so that which store it asks, and
        how sure it is of it, is all said.
        """
        address = urlsplit(self._address)
        host = address.netloc if self._by_path else f"{self.bucket}.{address.netloc}"  # as object_store wants it
        options = {
            "AWS_REGION": self.region,
            "AWS_ENDPOINT_URL": f"{address.scheme}://{host}",
            "AWS_ENDPOINT_URL_S3": f"{address.scheme}://{host}",  # it goes before the other one
            "AWS_S3_EXPRESS": "false",
            "AWS_SKIP_SIGNATURE": "false",
            "AWS_ALLOW_INVALID_CERTIFICATES": "false",
            "AWS_ALLOW_HTTP": str(address.scheme == "http").lower(),
            "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": str(not self._by_path).lower(),
            "AWS_CONDITIONAL_PUT": "etag",
        }
        if "AWS_ACCESS_KEY_ID" not in os.environ:  # with an address among its options it would look for no profile
            options["AWS_FORCE_CREDENTIAL_LOAD"] = "true"
        if self.encryption in ALGORITHMS:
            options["AWS_SERVER_SIDE_ENCRYPTION"] = ALGORITHMS[self.encryption]
            options |= {"AWS_SSE_KMS_KEY_ID": self.kms_key} if self.kms_key else {}
        return options

    @property
    def turn_seconds(self) -> float:
        return 2.5 * POLL_SECONDS

    def path_of(self, location: str) -> str:
        return location.removeprefix(SCHEME)

    def table_exists(self, location: str) -> bool:
        """Whether its log has a version: Spark makes the log's folder before it makes the first one."""
        with told(location):
            log = self._place(f"{location}/_delta_log/0")
            listed = log.client.list_objects_v2(Bucket=log.bucket, Prefix=log.key, MaxKeys=1)
            return bool(listed.get("Contents"))

    def open_object(self, location: str) -> BinaryIO:
        with told(location):
            return opened(self._place(location))

    def object_size(self, location: str) -> int | None:
        with told(location):
            place = self._place(location)
            try:
                return int(place.client.head_object(**place.named)["ContentLength"])
            except ClientError as error:
                if status_of(error) == ABSENT:
                    return None
                raise

    def objects_below(self, location: str) -> Iterator[tuple[str, int]]:
        """Folders are no objects, though Spark and pyarrow keep empty ones by that name.

        Unfinished uploads come first, so that one that is completed meanwhile is told twice rather than never.
        """
        with told(location):
            folder = self._folder(location)
            for upload, size in unfinished(folder):
                yield f"{upload.key.removeprefix(folder.key)}{UNFINISHED}/{upload.id}", size
            for page in _pages(folder):
                for one in page:
                    if not one["Key"].endswith("/"):
                        yield one["Key"].removeprefix(folder.key), one["Size"]

    def put_once(self, source: Path, location: str, sha256: str) -> bool:
        with told(location):
            return s3_upload.put_once(source, self._place(location), sha256)

    @contextmanager
    def written(self, location: str) -> Iterator[Path]:
        with TemporaryDirectory(prefix="lakehouse-") as folder:
            file = Path(folder, "written")
            yield file
            with told(location):
                s3_upload.put(file, self._place(location))

    def remove_object(self, location: str) -> None:
        with told(location):
            place = self._place(location)
            key, _, upload = place.key.rpartition(f"{UNFINISHED}/")
            if key and abort(place.client, place.bucket, key, upload):
                return
            place.client.delete_object(**place.named)

    def remove_tree(self, location: str) -> None:
        with told(location):
            folder = self._folder(location)
            for page in _pages(folder):
                _delete(folder, [one["Key"] for one in page])
            for upload, _ in unfinished(folder):
                abort(folder.client, folder.bucket, upload.key, upload.id)

    def refusal(self, location: str) -> JobError | None:
        try:
            self.table_exists(location)
        except JobError as error:
            return error
        return JobError(
            f"the store refused a request at {location}: run the command again, nothing is lost; if it repeats, "
            "`lakehouse doctor` tells more"
        )

    def checks(self) -> Iterable[tuple[str, Callable[[], str]]]:
        from lakehouse.runtime.s3_probe import probe  # which imports this module

        return probe(self)

    def lease(self, table: str, *, wait: bool = True, say: Say = lambda _: None) -> AbstractContextManager[S3Lease]:
        with told(self.root):
            client = self.reach.client(for_leases=True)
        return s3_lease(client, self.bucket, self.below, table, seconds=self.lease_seconds, wait=wait, say=say)

    @property
    def reach(self) -> Reach:
        """How it is reached, for whoever asks something that `Store` has no method for."""
        return Reach(
            region=self.region,
            endpoint=self.endpoint,
            ca_file=self.ca_file,
            path_style=self._by_path,
            encryption=self.encryption,
            kms_key=self.kms_key,
        )

    @property
    def _by_path(self) -> bool:
        return by_path(self.bucket, self.path_style)

    @property
    def _address(self) -> str:
        return address_of(self.endpoint, self.region)

    def _place(self, location: str) -> S3Object:
        bucket, _, key = self.path_of(location).partition("/")
        return S3Object(client=self.reach.client(), bucket=bucket, key=key)

    def _folder(self, location: str) -> S3Object:
        """What is below a location has this at the beginning of its key; nothing for all of the bucket."""
        place = self._place(location)
        return replace(place, key=place.key and f"{place.key}/")


@cache
def _filesystem(address: str, region: str, by_path: bool, ca_file: str | None, process: int) -> "S3FileSystem":
    """Made once a process, as clients are."""
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    parts = urlsplit(address)
    return S3FileSystem(
        region=region,
        scheme=parts.scheme,
        endpoint_override=parts.netloc,
        force_virtual_addressing=not by_path,
        tls_ca_file_path=ca_file,
        connect_timeout=10,
        request_timeout=60,  # else three seconds, which a busy store may take
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=5),
    )


def _pages(folder: S3Object) -> Iterator[list[dict[str, Any]]]:
    """The objects below a folder, at most a thousand at once."""
    pages = folder.client.get_paginator("list_objects_v2").paginate(Bucket=folder.bucket, Prefix=folder.key)
    yield from (page["Contents"] for page in pages if page.get("Contents"))


def _delete(folder: S3Object, keys: list[str]) -> None:
    """Delete objects; the store answers well also where it kept some, and says which."""
    named = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
    answer = folder.client.delete_objects(Bucket=folder.bucket, Delete=named)
    if kept := answer.get("Errors"):
        raise ClientError({"Error": kept[0]}, "DeleteObjects")
