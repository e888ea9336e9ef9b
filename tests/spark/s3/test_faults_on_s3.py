"""R6 by way of Spark: requests of S3A are struck, each kind by each fault; those of botocore and delta-rs beside it.

Faults that a client makes good by itself share a road, and each must have struck. Such a road ends with what would have
come of it without them; else it is refused in one sentence, and one more run comes to the same. In both cases no object
is lost or doubled, and nothing half done is left but, where it was refused, a file of rows that no log names.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from pyspark.sql import SparkSession

from lakehouse.care import audit_tables
from lakehouse.care.audit import audit
from lakehouse.runtime.explained import explained
from lakehouse.runtime.lake import Lake
from lakehouse.sample import write_sample
from lakehouse.silver import SALES
from scripts.s3_app import Fault
from scripts.s3_server import faults_struck, order_faults
from tests.kills import State, holds, run, state
from tests.spark.s3.buckets import copied_bucket
from tests.spark.s3.conftest import in_use

pytestmark = pytest.mark.timeout(900)

LOG, DATA, RENAMED = "silver/sales/_delta_log/0", "silver/sales/part-", "silver/sales/_delta_log/."
DELTA_RS = "object_store"
S3A = "Hadoop"
"""In what S3A calls itself: `Hadoop 3.5.0 aws-sdk-java/…`, and `Hadoop_3.5.0 s3analyticsaccelerator/…` where it reads.

Of uploads in parts and of deletes of many objects at once it makes none on this road: nothing is so large, and nothing
is removed but, one by one, what has been renamed.
"""
TIMEOUT_SECONDS = 5
"""So long S3A waits for an answer here: by default it is minutes."""


def of_s3a(put: str, get: str, listed: str, head: str, delete: str, times: int = 1) -> tuple[Fault, ...]:
    """A fault for each kind of request that S3A makes on a road, each of which it makes good by itself."""
    struck = [
        Fault(kind="put", within=DATA, fault=put, times=times),
        Fault(kind="put", within=LOG, fault=put, times=times),
        Fault(kind="get", within=DATA, fault=get, times=times),
        Fault(kind="get", within=LOG, fault=get, times=times),
        Fault(kind="list", fault=listed, times=times),
        Fault(kind="head", within="silver/sales", fault=head, times=times),
        Fault(kind="delete", within=RENAMED, fault=delete, times=times),
    ]
    return tuple(replace(fault, agent=S3A) for fault in struck)


ROADS = {
    "S3A 429": of_s3a(*["429"] * 5),
    "S3A 500": of_s3a(*["500"] * 5),
    "S3A 503 twice": of_s3a(*["503"] * 5, times=2),
    "S3A reset": of_s3a(*["reset"] * 5),
    "S3A cut": of_s3a(put="lost", get="lost", listed="half", head="lost", delete="lost"),
    "S3A get half": (Fault(kind="get", within=DATA, fault="half", agent=S3A),),
    "S3A timeout": of_s3a(*["silent"] * 5),
    "S3A 500 for good": (Fault(kind="put", within=LOG, fault="500", agent=S3A, times=1000),),
    "S3A 403": (Fault(kind="put", within=DATA, fault="403", agent=S3A, times=1000),),
    "botocore put lost": (Fault(kind="put", within="bronze/superstore", fault="lost", agent="Botocore"),),
    "botocore get half": (Fault(kind="get", within="bronze/superstore", fault="half", agent="Botocore", times=2),),
    "botocore list 500": (Fault(kind="list", fault="500", agent="Botocore", times=3),),
    "botocore lease lost": (Fault(kind="put", within="leases/silver.sales", fault="lost", agent="Botocore"),),
    "delta-rs put lost": (Fault(kind="put", within="ops/row_accounting/_delta_log/0", fault="lost", agent=DELTA_RS),),
    "delta-rs append lost": (Fault(kind="put", within="ops/landed_files/_delta_log/0", fault="lost", agent=DELTA_RS),),
    "delta-rs get 503": (Fault(kind="get", within=LOG, fault="503", agent=DELTA_RS, times=2),),
}


class Begun(NamedTuple):
    """A bucket with the first file in silver, the second file, and what must come of it."""

    bucket: str
    second: Path
    state: State


@pytest.fixture(scope="module")
def begun(address: str, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Begun:
    folder = tmp_path_factory.mktemp("begun")
    first, second = (file.path for file in write_sample(folder / "files", rows=300, days=2))
    bucket, never = (f"{name}-{uuid4().hex}" for name in ("begun", "never"))
    copied_bucket(address, None, bucket)
    with in_use(address, bucket, folder / "first", spark):
        run(first)
    copied_bucket(address, bucket, never)
    with in_use(address, never, folder / "never", spark) as lake:
        run(second)
        return Begun(bucket, second, state(lake))


@pytest.fixture
def impatient(spark: SparkSession) -> Iterator[None]:
    """S3A waits for seconds; a client is made so for each bucket that is new to this process."""
    jvm: Any = spark.sparkContext._jvm
    clients = jvm.org.apache.hadoop.fs.s3a.impl.AWSClientConfig
    clients.setMinimumOperationDuration(jvm.java.time.Duration.ofSeconds(1))  # it would raise the timeout to its least
    spark.conf.set("fs.s3a.connection.timeout", f"{TIMEOUT_SECONDS}s")
    yield
    spark.conf.unset("fs.s3a.connection.timeout")
    clients.resetMinimumOperationDuration()


@pytest.fixture
def there(address: str, begun: Begun, spark: SparkSession, impatient: None, tmp_path: Path) -> Iterator[Lake]:
    """A copy of the lakehouse that has the first file."""
    bucket = copied_bucket(address, begun.bucket, f"copy-{uuid4().hex}")
    with in_use(address, bucket, tmp_path / "home", spark) as lake:
        yield lake
    order_faults(address)


IN_SOAK = ("S3A 500", "S3A reset")
"""What S3A meets as it does a 503."""


REFUSED = {
    "S3A 500 for good": "the store answered Spark with 500 (",
    "S3A 403": "the store refuses Spark a request about s3a://",
    "S3A get half": "the store broke an answer to Spark off, or gave none (",
    "botocore list 500": "the lease of ops.runs cannot be had: the store answered ListObjectsV2 on s3a://",
}
"""The roads that do not end well, and what is said of them."""
OF_LOG = re.compile(r"_delta_log/(\d{20}(\.[\w.-]+)?\.(json|parquet|crc)|_last_checkpoint)")
DATA_FILE = re.compile(r"part-[^/]+\.parquet")
DELETED_ROWS = re.compile(r"deletion_vector_[^/]+\.bin")
"""Logs name these by a code of their own."""


def unnamed(lake: Lake, table: str) -> list[str]:
    """Objects and unfinished uploads below a table that are not its log, and that no version of it names."""
    location = lake.location(table)
    below = [path for path, _ in lake.store.objects_below(location)]
    log = b"".join(read(lake, f"{location}/{path}") for path in below if path.endswith(".json"))
    known = (OF_LOG, DELETED_ROWS)
    return [path for path in below if path.encode() not in log and not any(one.fullmatch(path) for one in known)]


def read(lake: Lake, location: str) -> bytes:
    with lake.store.open_object(location) as stream:
        return stream.read()


@pytest.mark.parametrize(
    "name, faults",
    [
        pytest.param(name, faults, id=name, marks=pytest.mark.soak if name in IN_SOAK else ())
        for name, faults in ROADS.items()
    ],
)
def test_struck_requests_neither_lose_nor_double(
    name: str, faults: tuple[Fault, ...], there: Lake, begun: Begun, address: str, spark: SparkSession
) -> None:
    order_faults(address, *faults)
    if (refusal := REFUSED.get(name)) is None:
        run(begun.second)
    else:
        with pytest.raises(Exception, match=r".") as refused:
            run(begun.second)
        told = explained(refused.value)
        assert (told.exit_code, "\n" in str(told)) == (1, False)
        assert str(told).startswith(refusal)
    assert 0 not in faults_struck(address), faults_struck(address)
    order_faults(address)
    run(begun.second)
    holds(spark, there, begun.state)
    found = audit(there)
    assert (found.ok, found.unknown, found.interrupted) == (True, (), ())
    left = unnamed(there, SALES)
    assert [path for path in left if name not in REFUSED or not DATA_FILE.fullmatch(path)] == []
    unknown = audit_tables.audit(there).unknown
    of_silver = [one.path for one in unknown if one.path.startswith("silver/sales/")]
    assert of_silver == sorted(f"silver/sales/{path}" for path in left)
    assert audit_tables.clean(there, unknown) == [*unknown]
    assert unnamed(there, SALES) == []
    assert (audit_tables.audit(there).ok, audit_tables.audit(there).unknown) == (True, ())
    assert not unknown or state(there) == begun.state
