"""What is gone of what a lakehouse keeps is said to be gone, whoever met it: to run again brings it not back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake.exceptions import TableNotFoundError

from lakehouse.errors import JobError, LostError
from lakehouse.ops import runs, tables
from lakehouse.ops.opening import opened
from lakehouse.runtime.explained import explained
from lakehouse.runtime.lake import Lake, open_lake
from scripts.s3_server import environment
from tests.unit.lease_processes import BUCKET

RUN = {"run_id": "1", "command": "run", "status": "done", "started_at": datetime(2024, 5, 1, tzinfo=UTC)}
TABLE = "ops.runs"
LOG = "_delta_log/00000000000000000001.json"
NAMED = "s3a://lake/bronze/superstore/a'b; c.csv"
PART = "silver/sales/part-00000.zstd.parquet"


@pytest.mark.parametrize(
    "said, path",
    [
        (f"Traceback (most recent call last):\nFileNotFoundError: {NAMED}\n", NAMED),
        ("Traceback\nFileNotFoundError: [Errno 2] No such file or directory: '/bronze/a.csv'\n", "(/bronze/a.csv)"),
        (f"[PATH_NOT_FOUND] Path does not exist: s3a://lake/{PART}. SQLSTATE: 42K03", f"s3a://lake/{PART}"),
        (
            f"Caused by: java.io.FileNotFoundException: No such file or directory: s3a://lake/{PART}",
            f"s3a://lake/{PART}",
        ),
        (f"Caused by: java.io.FileNotFoundException: File file:/lake/{PART} does not exist", f"file:/lake/{PART}"),
        (f"Object Store error: Object at location {PART} not found: 404 <Token>canary</Token>", PART),
        ("Expected contiguous commit files, but found gap: ParsedLogPath", "the log of a table is gone"),
        ("[DELTA_VERSIONS_NOT_CONTIGUOUS] Versions (0, 2) are not", "the log of a table is gone"),
    ],
)
def test_who_meets_what_is_gone_says_so(said: str, path: str) -> None:
    told = explained(RuntimeError(said))
    assert isinstance(told, LostError)
    assert path in str(told)
    assert "docs/how-to/recover-from-a-failed-run.md" in str(told)
    assert "unexpected" not in str(told)
    assert "canary" not in str(told)
    assert "\n" not in str(told)


def test_a_table_that_is_gone_is_named(home: None) -> None:
    lake = open_lake("local")
    with pytest.raises(TableNotFoundError) as raised:
        opened(lake, TABLE)
    told = explained(raised.value)
    assert isinstance(told, LostError)
    assert str(told).startswith(f"the log of a table ({lake.location(TABLE)}) is gone, or a version from it, and ")


@pytest.mark.parametrize(
    "status, sentence",
    [
        (403, "the store refuses Spark a request about s3a://lake/silver with 403 ("),
        (500, "the store answered Spark with 500 about s3a://lake/silver ("),
    ],
)
def test_what_the_store_answers_spark_is_a_sentence(status: int, sentence: str) -> None:
    java = "software.amazon.awssdk.services.s3.model.S3Exception: no (Service: S3, Status Code: {}, Request ID: 1)"
    error = RuntimeError(f"An error occurred.\n: org.apache.hadoop.fs.s3a: s3a://lake/silver: {java.format(status)}\n")
    told = explained(error)
    assert str(told).startswith(sentence)
    assert not isinstance(told, LostError)


def kept(lake: Lake) -> list[dict[str, Any]]:
    for status in ("done", "failed"):
        tables.upsert(lake, TABLE, [{**RUN, "status": status}])
    return list(tables.read(lake, TABLE))


def refused(lake: Lake) -> str:
    with pytest.raises(LostError, match=r"/ops/runs: (a file|the log)") as error:
        list(tables.read(lake, TABLE))
    assert "nothing is lost" not in str(error.value)
    return str(error.value)


@pytest.fixture
def here(home: None) -> Lake:
    lake = open_lake("local")
    assert [row["status"] for row in kept(lake)] == ["failed"]
    return lake


def test_rows_that_are_gone_from_a_folder(here: Lake) -> None:
    for part in Path(here.location(TABLE)).glob("*.parquet"):
        part.unlink()
    assert "a file that a table needs is gone" in refused(here)


def test_a_version_that_is_gone_from_a_folder(here: Lake) -> None:
    Path(here.location(TABLE), LOG).unlink()
    assert "the log of a table is gone, or a version from it" in refused(here)


@pytest.mark.parametrize("below", ["part-", LOG])
def test_what_is_gone_from_a_bucket(
    store: Any, prefix: str, home: None, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    for name, value in environment(store.meta.endpoint_url, BUCKET).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LAKEHOUSE_STORAGE__PREFIX", prefix.rstrip("/"))
    lake = open_lake("local")
    kept(lake)
    for one in store.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}ops/runs/{below}")["Contents"]:
        store.delete_object(Bucket=BUCKET, Key=one["Key"])
    assert f"s3a://{BUCKET}/{prefix}ops/runs: " in refused(lake)


def test_a_run_that_met_it_is_on_record_with_the_sentence(here: Lake) -> None:
    said = f"An exception was thrown from the Python worker:\nFileNotFoundError: {NAMED}"
    with pytest.raises(RuntimeError), runs.recorded(here, "run", "superstore"):
        raise RuntimeError(said)
    with pytest.raises(JobError), runs.recorded(here, "run", None):
        raise JobError("a gate refused it")
    errors = [row["error"] for row in tables.read(here, TABLE) if row["error"]]
    assert len(errors) == 2
    assert any(error.startswith("a landed file is gone from bronze (") for error in errors)
    assert "a gate refused it" in errors
