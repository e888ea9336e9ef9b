"""The bytes of an object in S3, in order, though connections break.

In: an `S3Object`. Out: a binary stream. Guaranteed: after a break it goes on where it was, in the same object; where
another has taken its place meanwhile, that is an error and never the bytes of both.
"""

import io
import time
from contextlib import suppress
from typing import Any, BinaryIO, cast

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError, ResponseStreamingError
from urllib3.exceptions import HTTPError

from lakehouse.errors import JobError
from lakehouse.runtime.s3_clients import S3Object
from lakehouse.runtime.s3_errors import code_of, told
from lakehouse.runtime.s3_lease_chain import ABSENT, status_of

PAUSES = (0.1, 0.5, 2.0, 5.0)
"""Seconds before each new request after a break; a byte that comes in makes them count anew."""
BUFFER = 1 << 18
REPLACED = 412
BREAKS = (HTTPClientError, IncompleteReadError, HTTPError, OSError)


def opened(place: S3Object) -> BinaryIO:
    """The bytes of an object.

    Raises:
        FileNotFoundError: there is none.
        JobError: the store refuses or does not answer, here or while it is read.
    """
    return cast(BinaryIO, io.BufferedReader(_Body(place), BUFFER))


def is_absent(error: ClientError) -> bool:
    """Whether a refusal says that the object is not there, though its bucket is."""
    return status_of(error) == ABSENT and code_of(error) != "NoSuchBucket"


class _Body(io.RawIOBase):
    """What a GET gives, and after a break the next GET, from there."""

    def __init__(self, place: S3Object) -> None:
        super().__init__()
        self._place, self._at = place, 0
        with told(place.location):
            answer = self._asked()
        self._body, self._etag, self._size = answer["Body"], answer["ETag"], int(answer["ContentLength"])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as one read goes; 0 at the end."""
        pauses = iter(PAUSES)
        with told(self._place.location):
            while True:
                try:
                    count = int(self._body.readinto(buffer))
                    if count == 0 and self._at < self._size:
                        raise IncompleteReadError(actual_bytes=self._at, expected_bytes=self._size)
                except BREAKS as error:
                    self._resume(next(pauses, None), error)
                    continue
                self._at += count
                return count

    def close(self) -> None:
        if not self.closed and hasattr(self, "_body"):
            with suppress(*BREAKS):
                self._body.close()
        super().close()

    def _resume(self, pause: float | None, error: Exception) -> None:
        if pause is None:
            raise ResponseStreamingError(error=error) from error
        time.sleep(pause)
        self._body.close()
        answer = self._asked(Range=f"bytes={self._at}-", IfMatch=self._etag)
        if not str(answer.get("ContentRange", "")).startswith(f"bytes {self._at}-"):
            raise JobError(
                f"{self._place.location} broke off after {self._at} bytes, and its store does not go on from there: "
                "run the command again"
            )
        self._body = answer["Body"]

    def _asked(self, **how: str) -> dict[str, Any]:
        try:
            return cast(dict[str, Any], self._place.client.get_object(**self._place.named, **how))
        except ClientError as error:
            if is_absent(error):
                raise FileNotFoundError(self._place.location) from error
            if how and status_of(error) == REPLACED:
                raise JobError(
                    f"{self._place.location} was replaced while it was read: find out who writes there, as nobody "
                    "must, then run the command again"
                ) from error
            raise
