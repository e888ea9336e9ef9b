"""What Hadoop's S3A is told: each option by Hadoop's name and value, and no credential."""

import os
from pathlib import Path
from typing import Any

import pytest

from lakehouse.runtime.s3a import ALWAYS, clear_left_uploads, s3a_options
from lakehouse.runtime.storage_settings import StorageSettings
from tests.unit.wrong_storage import ACCESS_KEY, KMS_KEY, SECRET_KEY, SERVER

HOME = Path("/home/of/lake")


def options(**said: Any) -> dict[str, str]:
    """Those of a bucket in Frankfurt, by their names without `fs.s3a.`."""
    there = StorageSettings(**{"kind": "s3", "bucket": "retail-lake", "region": "eu-central-1", **said})
    return {name.removeprefix("fs.s3a."): value for name, value in s3a_options(there, HOME).items()}


def differing(**said: Any) -> dict[str, str]:
    """Options that these settings change or add."""
    return dict(options(**said).items() - options().items())


def test_what_killed_jvms_were_uploading_is_removed_a_day_after(tmp_path: Path) -> None:
    clear_left_uploads(tmp_path)
    folder = tmp_path / "staging" / "s3a"
    folder.mkdir(parents=True)
    old, young, other = (folder / name for name in ("s3ablock-0001-1.tmp", "s3ablock-0001-2.tmp", "other"))
    for file in (old, young, other):
        file.write_bytes(b"rows")
    for file in (old, other):
        os.utime(file, (0, 0))
    clear_left_uploads(tmp_path)
    assert (old.exists(), young.exists(), other.exists()) == (False, True, True)


def test_a_bucket_of_amazon_s() -> None:
    there = StorageSettings(kind="s3", bucket="retail-lake", region="eu-central-1")
    assert s3a_options(there, HOME) == {
        "fs.s3a.aws.credentials.provider": "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider",
        "fs.s3a.performance.flags": "mkdir,delete",
        "fs.s3a.attempts.maximum": "3",
        "fs.s3a.retry.limit": "3",
        "fs.s3a.threads.max": "16",
        "fs.s3a.connection.maximum": "64",
        "fs.s3a.analytics.accelerator.physicalio.max.memory.limit": "134217728",
        "fs.s3a.analytics.accelerator.physicalio.thread.pool.size": "16",
        "fs.s3a.endpoint": "https://s3.eu-central-1.amazonaws.com",
        "fs.s3a.endpoint.region": "eu-central-1",
        "fs.s3a.path.style.access": "false",
        "fs.s3a.connection.ssl.enabled": "true",
        "fs.s3a.buffer.dir": "/home/of/lake/staging/s3a",
        "mapreduce.fileoutputcommitter.algorithm.version": "2",
    }


@pytest.mark.parametrize(
    "said, told",
    [
        ({"encryption": "bucket"}, {}),
        ({"encryption": "sse-s3"}, {"encryption.algorithm": "AES256"}),
        ({"encryption": "sse-kms"}, {"encryption.algorithm": "SSE-KMS"}),
        (
            {"encryption": "sse-kms", "kms_key": KMS_KEY},
            {"encryption.algorithm": "SSE-KMS", "encryption.key": KMS_KEY},
        ),
    ],
    ids=["as the bucket does", "by S3's key", "by the account's key", "by a key of one's own"],
)
def test_encryption(said: dict[str, str], told: dict[str, str]) -> None:
    assert differing(**said) == told


@pytest.mark.parametrize(
    "region, endpoint",
    [
        ("us-east-1", "https://s3.us-east-1.amazonaws.com"),
        ("us-gov-west-1", "https://s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_a_region_has_its_endpoint(region: str, endpoint: str) -> None:
    assert differing(region=region) == {"endpoint.region": region, "endpoint": endpoint}


@pytest.mark.parametrize(
    "endpoint, tls, told",
    [
        ("http://store:9000", False, {"endpoint": "http://store:9000", "connection.ssl.enabled": "false"}),
        ("https://s3.example.com", True, {"endpoint": "https://s3.example.com"}),
    ],
    ids=["without TLS", "over TLS"],
)
def test_a_server_of_one_s_own(endpoint: str, tls: bool, told: dict[str, str]) -> None:
    assert differing(endpoint=endpoint, tls=tls) == told


@pytest.mark.parametrize(
    "said", [{"path_style": True}, {"bucket": "retail.lake"}], ids=["asked for", "a bucket with a point"]
)
def test_a_bucket_in_the_path(said: dict[str, Any]) -> None:
    assert differing(**said) == {"path.style.access": "true"}


def test_no_credential_is_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_SESSION_TOKEN": "FwoGZXIvYXdz"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    told = options(encryption="sse-kms", kms_key=KMS_KEY, endpoint=SERVER, tls=False, path_style=True)
    assert not set(said.values()) & set(told.values())
    assert {*told} == {
        *ALWAYS,
        *("endpoint", "endpoint.region", "path.style.access", "connection.ssl.enabled", "buffer.dir"),
        *("encryption.algorithm", "encryption.key", "mapreduce.fileoutputcommitter.algorithm.version"),
    }


def test_a_folder_needs_none() -> None:
    assert s3a_options(StorageSettings(), HOME) == {}
