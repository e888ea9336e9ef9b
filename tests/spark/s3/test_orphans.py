"""What a process killed while it lands leaves in a bucket is found by `audit bronze`, and cleaned on request.

So is what was taken from a bucket, or changed in it, after it was landed.
"""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse.bronze import ledger
from lakehouse.bronze.landing import land
from lakehouse.runtime.lake import Lake
from tests.kills import ended, environment
from tests.spark.s3.buckets import client, keys
from tests.spark.s3.conftest import in_use

LARGE = 12 * 1024**2
"""Bytes of a file that is put in three parts, of five MiB at most as the store wants them."""

DIES_AFTER_TWO_PARTS = """
import os, signal, sys
from lakehouse.cli.main import main
from lakehouse.runtime import s3_clients, s3_upload

s3_upload.LARGEST_PUT, s3_upload.PART = 1, 5 * 1024**2
client_of = s3_clients.Reach.client
parts = []

def counting(reach, **told):
    client = client_of(reach, **told)
    def counted(params, **_):
        parts.append(params["PartNumber"])
        if len(parts) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    client.meta.events.register("provide-client-params.s3.UploadPart", counted)
    return client

s3_clients.Reach.client = counting
main(["land", "--source", "superstore", sys.argv[1]])
"""


@pytest.fixture
def there(address: str, bucket: str, home: Path) -> Iterator[Lake]:
    with in_use(address, bucket, home) as lake:
        yield lake


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A CSV that is no file of the source, which is kept all the same."""
    path = tmp_path / "large.csv"
    path.write_bytes(b"a,b\n" + b"x" * LARGE)
    return path


def audited(home: Path, *options: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(ended(home, "audit", "bronze", "--json", *options).stdout)
    return told


def test_an_upload_that_died_half_done_is_found_and_aborted_on_request(
    there: Lake, large: Path, address: str, bucket: str
) -> None:
    died = subprocess.run([sys.executable, "-c", DIES_AFTER_TWO_PARTS, str(large)], env=environment(Path(there.home)))
    assert died.returncode == -signal.SIGKILL
    asked = client(address)
    (upload,) = asked.list_multipart_uploads(Bucket=bucket)["Uploads"]
    found = audited(Path(there.home))
    assert found["unknown"] == [{"path": f"{upload['Key']}.part/{upload['UploadId']}", "size": 10 * 1024**2}]
    assert len(found["interrupted"]) == 1
    removed = audited(Path(there.home), "--clean", "--yes")["removed"]
    assert removed == found["unknown"]
    assert "Uploads" not in asked.list_multipart_uploads(Bucket=bucket)
    (outcome,) = land(
        there, there.source("superstore"), [large]
    )  # and the landing itself is completed by landing again
    assert [one.status for one in ledger.read(there)] == [outcome.landing.status] == ["rejected"]
    assert there.store.object_size(there.object(outcome.landing.path)) == LARGE + 4
    assert audited(Path(there.home))["unknown"] == audited(Path(there.home))["interrupted"] == []


def test_an_object_that_nobody_recorded_is_found_and_removed_on_request(there: Lake, address: str, bucket: str) -> None:
    land(there, there.source("superstore"), [_small(Path(there.home))])
    asked = client(address)
    asked.put_object(Bucket=bucket, Key="bronze/superstore/stray.csv", Body=b"stray")
    assert audited(Path(there.home))["unknown"] == [{"path": "bronze/superstore/stray.csv", "size": 5}]
    audited(Path(there.home), "--clean", "--yes")
    assert [key for key in keys(address, bucket) if "stray" in key] == []
    assert audited(Path(there.home))["ok"]


def test_a_landed_object_that_is_missing_is_told_beside_the_unknown(there: Lake, address: str, bucket: str) -> None:
    path = _landed(there)
    asked = client(address)
    asked.put_object(Bucket=bucket, Key="bronze/superstore/stray.csv", Body=b"stray")
    asked.delete_object(Bucket=bucket, Key=path)
    told = audited(Path(there.home))
    assert told["ok"] is False
    assert [_differs(one) for one in told["missing"]] == [(path, "bytes", None)]
    assert (told["changed"], told["unknown"]) == ([], [{"path": "bronze/superstore/stray.csv", "size": 5}])


@pytest.mark.parametrize("body, what", [(b"a,b\n1,3\n", "sha256"), (b"a,b\n", "bytes")], ids=["same size", "shorter"])
def test_a_landed_object_with_other_bytes_is_told_beside_the_unknown(
    there: Lake, address: str, bucket: str, body: bytes, what: str
) -> None:
    path = _landed(there)
    asked = client(address)
    asked.put_object(Bucket=bucket, Key="bronze/superstore/stray.csv", Body=b"stray")
    asked.put_object(Bucket=bucket, Key=path, Body=body)
    told = audited(Path(there.home))
    found = len(body) if what == "bytes" else hashlib.sha256(body).hexdigest()
    assert told["ok"] is False
    assert [_differs(one) for one in told["changed"]] == [(path, what, found)]
    assert (told["missing"], told["unknown"]) == ([], [{"path": "bronze/superstore/stray.csv", "size": 5}])


def _landed(there: Lake) -> str:
    (outcome,) = land(there, there.source("superstore"), [_small(Path(there.home))])
    return outcome.landing.path


def _differs(told: dict[str, Any]) -> tuple[str, str, int | str | None]:
    return told["path"], told["what"], told["found"]


def _small(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "small.csv"
    path.write_text("a,b\n1,2\n")
    return path
