"""The rights that `docs/how-to/run-on-s3.md` names are enough for the whole road, and each of them is needed.

The page's own policy, word for word, is held to by the store: for its bucket and its prefix.
"""

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.bronze.landing import land
from lakehouse.care import reset
from lakehouse.care.audit import audit, clean
from lakehouse.care.doctor import diagnoses
from lakehouse.care.expire import expire
from lakehouse.care.verify import findings
from lakehouse.errors import JobError
from lakehouse.gold.job import bring_to_gold
from lakehouse.road import take_back
from lakehouse.runtime.lake import Lake
from lakehouse.sample import write_sample
from scripts.s3_policy import ACTIONS
from scripts.s3_server import denials, hold_to, make_bucket, s3_server
from tests.spark.s3.buckets import client
from tests.spark.s3.conftest import in_use
from tests.spark.travels import travel

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "run-on-s3.md"
BUCKET, PREFIX = "retail-lake", "retail"
(POLICY,) = map(json.loads, re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL))
ON_S3 = sorted(one for statement in POLICY["Statement"] for one in statement["Action"] if one.startswith("s3:"))


@pytest.fixture
def address() -> Iterator[str]:
    """A server of this test's own: it is to have the page's bucket, and to deny no other test anything."""
    with s3_server() as served:
        make_bucket(served, BUCKET)
        yield served


@pytest.fixture
def there(address: str, home: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """The page's lakehouse; what is staged goes to the bucket, too."""
    monkeypatch.setenv("LAKEHOUSE_STORAGE__PREFIX", PREFIX)
    monkeypatch.setenv("LAKEHOUSE_STORAGE__STAGING", "bucket")
    with in_use(address, BUCKET, home, spark) as lake:
        yield lake


def without(action: str) -> dict[str, Any]:
    """The policy but for one action."""
    policy: dict[str, Any] = copy.deepcopy(POLICY)
    for statement in policy["Statement"]:
        statement["Action"] = [one for one in statement["Action"] if one != action]
    return policy


def leave_behind(address: str) -> None:
    """What a killed landing leaves: an object that nobody recorded, and a part of an upload."""
    asked, key = client(address), f"{PREFIX}/bronze/superstore/stray.csv"
    asked.put_object(Bucket=BUCKET, Key=key, Body=b"stray")
    upload = asked.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    asked.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=b"stray")


def land_and_clean(there: Lake, file: Path) -> None:
    """What asks for each kind of request, without Spark."""
    land(there, there.source("superstore"), [file])
    clean(there, audit(there).unknown)
    there.store.remove_tree(f"{there.root}/bronze/superstore")


def test_the_rights_of_the_page_are_enough(spark: SparkSession, there: Lake, address: str, tmp_path: Path) -> None:
    files = [one.path for one in write_sample(tmp_path, rows=300, days=2)]
    leave_behind(address)
    hold_to(address, POLICY)
    assert [one for one in diagnoses("local") if one.check in ("bucket", "leases") and not one.ok] == []
    for file in files:
        travel(spark, there, "superstore", [file])
        bring_to_gold(spark, there)
    take_back("local", "superstore", [files[1].name], agree=lambda _: None)
    assert len(clean(there, audit(there).unknown)) == 2
    assert [one for one in findings(lambda: spark, there, rebuild=True) if not one.ok] == []
    assert len(expire(there, datetime.now(UTC) + timedelta(days=1))) == 1
    reset.remove(there)
    assert denials(address) == []


@pytest.mark.parametrize("action", ON_S3)
def test_each_of_the_rights_is_needed(there: Lake, address: str, tmp_path: Path, action: str) -> None:
    (file,) = (one.path for one in write_sample(tmp_path, rows=200, days=1))
    leave_behind(address)
    hold_to(address, without(action))
    with pytest.raises(JobError, match=f"grant .*{action}"):
        land_and_clean(there, file)
    assert {one.partition(" on ")[0] for one in denials(address)} == {action}


def test_each_of_the_rights_is_what_some_request_needs() -> None:
    assert {action for actions in ACTIONS.values() for action in actions} == {*ON_S3}
