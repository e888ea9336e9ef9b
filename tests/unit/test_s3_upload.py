"""Files to objects in S3: written once, whole or not at all, small ones and those that go in parts."""

import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from lakehouse.errors import JobError
from lakehouse.runtime import s3_upload
from lakehouse.runtime.s3_store import S3Store
from lakehouse.runtime.storage import UNFINISHED, ForeignObjectError, OtherBytesError
from tests.unit.faulty_s3 import Faulty, after, refusing
from tests.unit.lease_processes import BUCKET
from tests.unit.s3_stores import begin_upload, objects, store_at, uploads, written

SMALL, LARGE = b"a,b\n1,2\n", bytes(range(256)) * 11
pytestmark = pytest.mark.usefixtures("quick")
BODIES = pytest.mark.parametrize("body", [b"", SMALL, LARGE], ids=["empty", "small", "in parts"])


@pytest.fixture
def kept(store: Any, prefix: str) -> S3Store:
    return store_at(store, prefix)


@BODIES
def test_a_file_is_put_once_and_found_there_again(
    store: Any, prefix: str, kept: S3Store, tmp_path: Path, body: bytes
) -> None:
    (file, sha256), location = written(tmp_path, body), f"{kept.root}/bronze/sales.csv"
    assert kept.put_once(file, location, sha256)
    assert not kept.put_once(file, location, sha256)
    assert objects(store, prefix) == {"bronze/sales.csv": body}
    assert uploads(store, prefix) == []


@BODIES
def test_an_object_with_other_bytes_is_left_alone(
    store: Any, prefix: str, kept: S3Store, tmp_path: Path, body: bytes
) -> None:
    store.put_object(Bucket=BUCKET, Key=f"{prefix}sales.csv", Body=b"foreign")
    file, sha256 = written(tmp_path, body)
    with pytest.raises(ForeignObjectError, match=f"{kept.root}/sales.csv"):
        kept.put_once(file, f"{kept.root}/sales.csv", sha256)
    assert objects(store, prefix) == {"sales.csv": b"foreign"}


@BODIES
def test_a_file_whose_bytes_have_changed_is_not_put(
    store: Any, prefix: str, kept: S3Store, tmp_path: Path, body: bytes
) -> None:
    file, sha256 = written(tmp_path, body)
    file.write_bytes(body + b"x")
    with pytest.raises(OtherBytesError, match=r"^sales\.csv$"):
        kept.put_once(file, f"{kept.root}/sales.csv", sha256)
    assert (objects(store, prefix), uploads(store, prefix)) == ({}, [])


@BODIES
@pytest.mark.parametrize("same", [True, False], ids=["same bytes", "other bytes"])
def test_of_two_processes_that_put_the_same_object_one_writes_it(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, body: bytes, same: bool
) -> None:
    """The second asks for the bytes when there are none yet, and finds them when it wants to write its own."""
    file, sha256 = written(tmp_path, body)
    other = body if same else b"other"

    def overtaken() -> None:
        store.put_object(Bucket=BUCKET, Key=f"{prefix}sales.csv", Body=other)

    faulty.faults = {(5 if body == LARGE else 1): after(overtaken)}
    kept = store_at(store, prefix, endpoint=faulty.url)
    if same:
        assert not kept.put_once(file, f"{kept.root}/sales.csv", sha256)
    else:
        with pytest.raises(ForeignObjectError):
            kept.put_once(file, f"{kept.root}/sales.csv", sha256)
    assert any(how == "POST" and "uploadId" in path for how, path, _ in faulty.asked) == (body == LARGE)
    assert (objects(store, prefix), uploads(store, prefix)) == ({"sales.csv": other}, [])


def test_threads_that_race_write_an_object_once(store: Any, prefix: str, kept: S3Store, tmp_path: Path) -> None:
    file, sha256 = written(tmp_path, SMALL)
    both, wrote = threading.Barrier(4), list[bool]()

    def work() -> None:
        both.wait()
        wrote.append(kept.put_once(file, f"{kept.root}/sales.csv", sha256))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wrote) == [False, False, False, True]


@pytest.mark.parametrize("body, number", [(SMALL, 1), (LARGE, 5)], ids=["small", "in parts"])
def test_a_refusal_by_conflict_with_nothing_there_is_tried_again(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, body: bytes, number: int
) -> None:
    file, sha256 = written(tmp_path, body)
    faulty.faults = {number: refusing(409, "ConditionalRequestConflict")}
    kept = store_at(store, prefix, endpoint=faulty.url)
    assert kept.put_once(file, f"{kept.root}/sales.csv", sha256)
    assert (objects(store, prefix), uploads(store, prefix)) == ({"sales.csv": body}, [])


def test_conflicts_without_end_are_told(store: Any, prefix: str, tmp_path: Path, faulty: Faulty) -> None:
    file, sha256 = written(tmp_path, SMALL)
    tries = range(1, 2 * len(s3_upload.PAUSES), 2)
    faulty.faults = dict.fromkeys(tries, refusing(409, "ConditionalRequestConflict"))
    kept = store_at(store, prefix, endpoint=faulty.url)
    with pytest.raises(JobError, match="could not be put, since others put and remove it at the same time"):
        kept.put_once(file, f"{kept.root}/sales.csv", sha256)
    assert objects(store, prefix) == {}


def test_the_store_is_told_what_to_verify_and_on_what_condition(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty
) -> None:
    kept = store_at(store, prefix, endpoint=faulty.url)
    for body in (SMALL, LARGE):
        file, sha256 = written(tmp_path, body)
        kept.put_once(file, f"{kept.root}/{len(body)}", sha256)
    headers = [{k.lower(): v for k, v in one.items()} for how, _, one in faulty.asked if how == "PUT"]
    assert len(headers) == 4
    assert all(one["x-amz-checksum-sha256"] for one in headers)
    asked = [{k.lower(): v for k, v in one.items()} for _, _, one in faulty.asked]
    assert [one["if-none-match"] for one in asked if "if-none-match" in one] == ["*", "*"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_upload_that_is_interrupted_is_aborted(
    store: Any,
    prefix: str,
    kept: S3Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
) -> None:
    call = BaseClient._make_api_call

    def interrupted(self: BaseClient, operation: str, params: dict[str, Any]) -> Any:
        answer = call(self, operation, params)
        if operation == "UploadPart" and params["PartNumber"] == 2:
            assert uploads(store, prefix) == ["sales.csv"]
            raise error
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", interrupted)
    file, sha256 = written(tmp_path, LARGE)
    with pytest.raises(error):
        kept.put_once(file, f"{kept.root}/sales.csv", sha256)
    assert (objects(store, prefix), uploads(store, prefix)) == ({}, [])


def test_what_a_killed_process_left_is_told_and_removed_and_hinders_nobody(
    store: Any, prefix: str, kept: S3Store, tmp_path: Path
) -> None:
    upload = begin_upload(store, f"{prefix}bronze/sales.csv", LARGE[:1024], LARGE[1024:2048])
    file, sha256 = written(tmp_path, LARGE)
    assert kept.put_once(file, f"{kept.root}/bronze/sales.csv", sha256)
    left = f"sales.csv{UNFINISHED}/{upload}"
    assert dict(kept.objects_below(f"{kept.root}/bronze")) == {"sales.csv": len(LARGE), left: 2048}
    for _ in range(2):
        kept.remove_object(f"{kept.root}/bronze/{left}")
    assert (objects(store, prefix), uploads(store, prefix)) == ({"bronze/sales.csv": LARGE}, [])


def test_a_very_large_file_goes_in_larger_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(s3_upload, "_put_in_parts", lambda source, place, sha256, size: sizes.append(size))
    most = s3_upload.PART * s3_upload.MOST_PARTS
    for size in (most, most + 1, 3 * most):
        with (tmp_path / "huge.csv").open("wb") as opened:
            opened.truncate(size)  # takes no room
        assert s3_upload._was_put(tmp_path / "huge.csv", None, "")  # type: ignore[arg-type]
    assert sizes == [s3_upload.PART, s3_upload.PART + 1, 3 * s3_upload.PART]
