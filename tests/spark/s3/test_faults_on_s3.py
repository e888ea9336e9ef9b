"""R6 by way of Spark: requests of S3A and delta-rs are struck, one kind and one fault a test.

Each must end with what would have come of it without the fault, or it is refused in one sentence and one more run comes
to the same. In both cases no object is lost or doubled, and nothing half done is left.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
from pyspark.sql import SparkSession

from lakehouse.care.audit import audit
from lakehouse.cli.main import explained
from lakehouse.runtime.lake import Lake
from lakehouse.sample import write_sample
from scripts.s3_app import Fault
from scripts.s3_server import faults_struck, order_faults
from tests.kills import State, holds, run, state
from tests.spark.s3.buckets import copied_bucket
from tests.spark.s3.conftest import in_use

pytestmark = pytest.mark.timeout(900)

LOG, DATA = "silver/sales/_delta_log/0", "silver/sales/part-"
CELLS = [
    Fault(kind="put", within=LOG, fault="503", times=2),
    Fault(kind="put", within=LOG, fault="reset"),
    Fault(kind="put", within=LOG, fault="lost"),
    Fault(kind="put", within=DATA, fault="500"),
    Fault(kind="put", within=DATA, fault="lost"),
    Fault(kind="put", within="bronze/superstore", fault="lost"),
    Fault(kind="put", within="ops/row_accounting/_delta_log/0", fault="lost"),
    Fault(kind="get", within=DATA, fault="half"),
    Fault(kind="get", within=LOG, fault="503", times=2),
    Fault(kind="get", within="bronze/superstore", fault="half", times=2),
    Fault(kind="list", within="", fault="500", times=3),
    Fault(kind="head", within="silver/sales", fault="reset"),
    Fault(kind="put", within="leases/silver.sales", fault="lost"),
    Fault(kind="put", within=LOG, fault="500", times=1000),
]


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
def there(address: str, begun: Begun, spark: SparkSession, tmp_path: Path) -> Iterator[Lake]:
    """A copy of the lakehouse that has the first file."""
    bucket = copied_bucket(address, begun.bucket, f"copy-{uuid4().hex}")
    with in_use(address, bucket, tmp_path / "home", spark) as lake:
        yield lake
    order_faults(address)


@pytest.mark.parametrize("fault", CELLS, ids=lambda f: f"{f.kind} {f.within or 'anywhere'} {f.fault} {f.times}")
def test_a_struck_request_neither_loses_nor_doubles(
    fault: Fault, there: Lake, begun: Begun, address: str, spark: SparkSession
) -> None:
    order_faults(address, fault)
    try:
        run(begun.second)
    except Exception as error:
        told = explained(error)
        assert (told.exit_code, str(told)) == (1, str(told).strip())
        assert "\n" not in str(told)
        print(f"refused: {told}")
    assert faults_struck(address) != [0]
    order_faults(address)
    run(begun.second)
    holds(spark, there, begun.state)
    found = audit(there)
    assert (found.ok, found.unknown, found.interrupted) == (True, (), ())
