"""Objects in S3 are read in order, as bytes and as text, though connections break."""

import hashlib
import io
from typing import Any

import pytest

from lakehouse.bronze.decoding import open_text
from lakehouse.errors import JobError
from lakehouse.runtime import s3_reading
from lakehouse.runtime.s3_store import S3Store
from tests.unit.faulty_s3 import after, breaking_off, faulty_before
from tests.unit.lease_processes import BUCKET
from tests.unit.s3_stores import hasty, store_at


@pytest.fixture
def kept(store: Any, prefix: str) -> S3Store:
    return store_at(store, prefix)


def put(store: Any, key: str, body: bytes = b"x") -> None:
    store.put_object(Bucket=BUCKET, Key=key, Body=body)


def test_an_object_is_read_as_bytes_and_as_text(store: Any, prefix: str, kept: S3Store) -> None:
    body = "Größe;1\r\n".encode("cp1252") * 100_000
    put(store, f"{prefix}bronze/sales.csv", body)
    location = f"{kept.root}/bronze/sales.csv"
    with kept.open_object(location) as stream:
        assert hashlib.file_digest(stream, "sha256").hexdigest() == hashlib.sha256(body).hexdigest()  # type: ignore[arg-type]
    with kept.open_object(location) as stream, open_text(stream, "cp1252") as text:
        assert text.readline() == "Größe;1\r\n"
        assert len(text.read()) == 9 * 99_999
    with kept.open_object(location) as stream:
        assert io.TextIOWrapper(stream, "cp1252").read(5) == "Größe"
    assert kept.object_size(location) == len(body)
    put(store, f"{prefix}empty", b"")
    with kept.open_object(f"{kept.root}/empty") as stream:
        assert stream.read() == b""


def test_an_object_that_is_not_there_is_not_found(kept: S3Store) -> None:
    location = f"{kept.root}/bronze/none.csv"
    with pytest.raises(FileNotFoundError, match=location):
        kept.open_object(location)
    assert kept.object_size(location) is None
    kept.remove_object(location)


def test_reading_goes_on_where_the_connection_broke(store: Any, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hasty(monkeypatch)
    body = bytes(range(256)) * 8000
    put(store, f"{prefix}large", body)
    with faulty_before(store.meta.endpoint_url) as faulty:
        faulty.faults = {0: breaking_off(700_001), 1: breaking_off(0), 2: breaking_off(5)}
        with store_at(store, prefix, endpoint=faulty.url).open_object(f"s3a://{BUCKET}/{prefix}large") as stream:
            assert stream.read() == body
        ranges = [headers.get("Range") for _, _, headers in faulty.asked]
        assert ranges[0] is None
        assert ranges[1] == ranges[2] is not None
        assert len(ranges) == 4


def test_an_object_that_was_replaced_or_removed_meanwhile_is_not_read_on(
    store: Any, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty(monkeypatch)
    location, key = f"s3a://{BUCKET}/{prefix}large", f"{prefix}large"

    def read_while(event: Any) -> None:
        put(store, key, b"a" * 1_000_000)
        with faulty_before(store.meta.endpoint_url) as faulty:
            faulty.faults = {0: breaking_off(300_000), 1: after(event)}
            with store_at(store, prefix, endpoint=faulty.url).open_object(location) as stream:
                stream.read()

    with pytest.raises(JobError, match=f"{location} was replaced while it was read: find out who writes there"):
        read_while(lambda: put(store, key, b"b" * 1_000_000))
    with pytest.raises(FileNotFoundError):
        read_while(lambda: store.delete_object(Bucket=BUCKET, Key=key))


def test_a_store_that_breaks_off_again_and_again_is_told(
    store: Any, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty(monkeypatch)
    put(store, f"{prefix}large", b"a" * 1_000_000)
    with faulty_before(store.meta.endpoint_url) as faulty:
        faulty.always = breaking_off(0)
        with (
            pytest.raises(JobError, match=r"does not answer .*: see to the network"),
            store_at(store, prefix, endpoint=faulty.url).open_object(f"s3a://{BUCKET}/{prefix}large") as stream,
        ):
            stream.read()
        assert len(faulty.asked) == 1 + len(s3_reading.PAUSES)
