"""The chain of objects that a lease in S3 is made of: `<prefix>leases/<table>/<number>.json`.

In: an S3 client and the name of a table. Out: the links of the chain as the store tells them, each with its owner.
Guaranteed: a number is made once, by a put that the store refuses where the object is there; the greatest is never
removed, so numbers only grow; every time is the store's, and no clock of this machine counts.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.errors import JobError
from lakehouse.runtime.s3_lease_owners import Found, Owner, read, written

REFUSED = frozenset({409, 412})
"""Answers to a put of what must not be there: it is there, or somebody else is just putting it."""
ABSENT, NOT_IMPLEMENTED = 404, 501
AT_ONCE = 8
"""So many puts of one object are tried at once: a store that looks first and then puts takes several of them."""
NUMBER = re.compile(r"(\d{20})\.json")


class UndatedError(BotoCoreError):  # type: ignore[misc]
    """An answer that does not say when it was given."""

    fmt = "its answer has no Date, by which leases count"


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One object of a chain, as a listing shows it."""

    number: int
    etag: str
    modified: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """A chain at one moment of the store's time, in the order of its numbers."""

    now: datetime
    links: tuple[Link, ...]

    @property
    def greatest(self) -> int:
        """The number that is the current one; 0 where the chain has none yet."""
        return self.links[-1].number if self.links else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """The chain of one table."""

    client: Any
    bucket: str
    prefix: str
    table: str

    @property
    def location(self) -> str:
        """Where the chain is."""
        return f"s3a://{self.bucket}/{self._folder}".rstrip("/")

    def sight(self) -> Sight:
        """List the chain."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._folder)
        links: list[Link] = []
        for page in pages:
            links += self._links(page)
            now = _date(page)
        return Sight(now=now, links=tuple(sorted(links, key=lambda link: link.number)))

    def found(self, number: int, unread: int) -> Found | None:
        """The owner of a number; None where the object is gone. A body that nobody can read expires in `unread`."""
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self._key(number))
        except ClientError as error:
            if status_of(error) == ABSENT:
                return None
            raise
        owner = read(answer["Body"].read(), unread)
        age = (_date(answer) - answer["LastModified"]).total_seconds()
        return Found(owner=owner, expired=age > owner.expires_in)

    def claim(self, number: int, owner: Owner) -> bool:
        """Make the object of a number; False where it is there already, be it by an earlier put of our own."""
        return put_new(self.client, self.bucket, self._key(number), written(owner))

    def write(self, number: int, owner: Owner) -> str:
        """Put the owner's own object anew; its tag."""
        body = written(owner)
        return str(self.client.put_object(Bucket=self.bucket, Key=self._key(number), Body=body)["ETag"])

    def forget_before(self, number: int, sight: Sight) -> None:
        """Remove the links before a number. Where the store keeps them, they cost room and nothing else."""
        for link in sight.links:
            if link.number < number:
                with suppress(BotoCoreError, ClientError):
                    self.client.delete_object(Bucket=self.bucket, Key=self._key(link.number))

    @property
    def _folder(self) -> str:
        return f"{self.prefix}leases/{self.table}/"

    def _key(self, number: int) -> str:
        return f"{self._folder}{number:020}.json"

    def _links(self, page: dict[str, Any]) -> Iterator[Link]:
        for listed in page.get("Contents", []):
            if match := NUMBER.fullmatch(listed["Key"].removeprefix(self._folder)):
                yield Link(number=int(match[1]), etag=listed["ETag"], modified=listed["LastModified"])


def put_new(client: Any, bucket: str, key: str, body: bytes) -> bool:
    """Put an object that must not be there; False where the store refuses because it is."""
    try:
        client.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
    except ClientError as error:
        if status_of(error) in REFUSED:
            return False
        raise
    return True


def honours_conditions(client: Any, bucket: str, prefix: str) -> None:
    """Prove with a probe object that the store refuses to put what is there already, also where many put it at once.

    Raises:
        JobError: it does not; leases there would exclude nobody.
    """
    key = f"{prefix}leases/.probe/{uuid4().hex}"
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            made = list(pool.map(lambda _: put_new(client, bucket, key, b"probe"), range(AT_ONCE)))
        honoured = sum(made) == 1 and not put_new(client, bucket, key, b"probe")
        client.delete_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if status_of(error) != NOT_IMPLEMENTED:
            raise
        honoured = False
    if not honoured:
        raise JobError(
            f"the store of s3://{bucket} does not honour If-None-Match when an object is put, so leases would exclude "
            "nobody there: use Amazon S3, or a store (or a newer version of this one) with conditional writes"
        )


def status_of(error: ClientError) -> int:
    """The HTTP status of a refusal."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _date(answer: dict[str, Any]) -> datetime:
    """The store's time; an answer without it is none."""
    try:
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    except (KeyError, ValueError):
        raise UndatedError from None
