"""A bucket for each test, in an S3 that is served for all of them, and the session told how to reach it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from pyspark.sql import SparkSession

from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.runtime.s3a import s3a_options
from scripts.s3_server import environment, make_bucket, s3_server


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the S3 is."""
    with s3_server() as served:
        yield served


@contextmanager
def in_use(address: str, bucket: str, home: Path, spark: SparkSession | None = None) -> Iterator[Lake]:
    """The lakehouse of a bucket: commands of this process and of its children work on it, and so does a session."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LAKEHOUSE_HOME", str(home))
        for name, value in environment(address, bucket).items():
            patched.setenv(name, value)
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):  # which no client may follow
            patched.setenv(name, "http://127.0.0.1:9")
        lake = open_lake("local")
        for name, value in s3a_options(lake.settings.storage, home).items() if spark else ():
            spark.conf.set(name, value)
        yield lake


@pytest.fixture
def bucket(address: str) -> str:
    """An empty bucket of this test's own."""
    name = f"retail-{uuid4().hex}"
    make_bucket(address, name)
    return name


@pytest.fixture
def in_s3(address: str, bucket: str, home: Path, spark: SparkSession) -> Iterator[Lake]:
    """An empty lakehouse in that bucket."""
    with in_use(address, bucket, home, spark) as lake:
        yield lake
