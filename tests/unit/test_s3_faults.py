"""Each operation on a store in S3, each of its requests lost, refused or unanswered: done all the same, and once."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import JobError
from lakehouse.runtime import s3_clients
from lakehouse.runtime.s3_store import S3Store
from tests.unit.faulty_s3 import (
    Fault,
    Faulty,
    Handler,
    faulty_before,
    losing_the_answer,
    refusing,
    resetting,
    silent,
)
from tests.unit.lease_processes import BUCKET
from tests.unit.s3_stores import impatient, objects, store_at, uploads, written

SMALL, LARGE = b"a,b\n1,2\n", bytes(range(256)) * 11
BEFORE = {"bronze/a.csv": b"abc", "silver/sales/_delta_log/00000000000000000000.json": b"{}"}
FAULTS: dict[str, tuple[Fault, int]] = {
    "500 once": (refusing(500, "InternalError"), 1),
    "503 twice": (refusing(503, "SlowDown"), 2),
    "connection reset": (resetting, 1),
    "answer lost": (losing_the_answer, 1),
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What is called, how many requests it takes, what it answers, and what is there afterwards."""

    call: Callable[[S3Store, Path], Any]
    requests: int
    answers: tuple[Any, ...]
    leaves: dict[str, bytes]


def putting(body: bytes) -> Callable[[S3Store, Path], bool]:
    def put(kept: S3Store, folder: Path) -> bool:
        file, sha256 = written(folder, body)
        return kept.put_once(file, f"{kept.root}/bronze/b.csv", sha256)

    return put


def reading(kept: S3Store, _: Path) -> bytes:
    with kept.open_object(f"{kept.root}/bronze/a.csv") as stream:
        return stream.read()


OPERATIONS = {
    "put": Operation(call=putting(SMALL), requests=2, answers=(True, False), leaves={**BEFORE, "bronze/b.csv": SMALL}),
    "put in parts": Operation(
        call=putting(LARGE), requests=6, answers=(True, False), leaves={**BEFORE, "bronze/b.csv": LARGE}
    ),
    "read": Operation(call=reading, requests=1, answers=(b"abc",), leaves=BEFORE),
    "size": Operation(
        call=lambda kept, _: kept.object_size(f"{kept.root}/bronze/a.csv"), requests=1, answers=(3,), leaves=BEFORE
    ),
    "list": Operation(
        call=lambda kept, _: list(kept.objects_below(f"{kept.root}/bronze")),
        requests=2,
        answers=([("a.csv", 3)],),
        leaves=BEFORE,
    ),
    "table exists": Operation(
        call=lambda kept, _: kept.table_exists(f"{kept.root}/silver/sales"), requests=1, answers=(True,), leaves=BEFORE
    ),
    "remove": Operation(
        call=lambda kept, _: kept.remove_object(f"{kept.root}/bronze/a.csv"),
        requests=1,
        answers=(None,),
        leaves={key: body for key, body in BEFORE.items() if key != "bronze/a.csv"},
    ),
    "remove a tree": Operation(
        call=lambda kept, _: kept.remove_tree(f"{kept.root}/bronze"),
        requests=3,
        answers=(None,),
        leaves={key: body for key, body in BEFORE.items() if key != "bronze/a.csv"},
    ),
}
pytestmark = pytest.mark.usefixtures("quick")
EVERY = pytest.mark.parametrize("name", OPERATIONS)


def fill(store: Any, prefix: str) -> None:
    for key, body in BEFORE.items():
        store.put_object(Bucket=BUCKET, Key=prefix + key, Body=body)


def check_each_request(
    store: Any, prefix: str, folder: Path, faulty: Faulty, name: str, fault: Fault, times: int
) -> None:
    operation = OPERATIONS[name]
    for number in range(operation.requests):
        below = f"{prefix}{number}/"
        fill(store, below)
        faulty.begin(dict.fromkeys(range(number, number + times), fault))
        assert operation.call(store_at(store, below, endpoint=faulty.url), folder) in operation.answers
        assert faulty.faults == {}
        assert objects(store, below) == operation.leaves
        begun_unheard = name == "put in parts" and number == 1 and fault is losing_the_answer
        assert len(uploads(store, below)) == begun_unheard  # empty, told by `objects_below`


@EVERY
@pytest.mark.parametrize("kind", FAULTS)
def test_what_goes_wrong_with_any_request_changes_nothing(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, name: str, kind: str
) -> None:
    check_each_request(store, prefix, tmp_path, faulty, name, *FAULTS[kind])


@pytest.mark.parametrize("name", ["put", "read"])
def test_a_store_that_stays_silent_is_asked_again(
    store: Any, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    impatient(monkeypatch)
    with faulty_before(store.meta.endpoint_url) as faulty:
        check_each_request(store, prefix, tmp_path, faulty, name, silent, 1)


@EVERY
def test_a_store_that_never_recovers_is_told_and_nothing_is_half_there(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, name: str
) -> None:
    fill(store, prefix)
    faulty.begin(always=refusing(503, "SlowDown"))
    with pytest.raises(JobError, match=r"answered \w+ on s3a://.* with (SlowDown|503) .*: run the command again"):
        OPERATIONS[name].call(store_at(store, prefix, endpoint=faulty.url), tmp_path)
    assert len(faulty.asked) == s3_clients.FOR_OBJECTS.retries["total_max_attempts"] == 5
    assert (objects(store, prefix), uploads(store, prefix)) == (BEFORE, [])


@pytest.mark.parametrize("number", range(2, 6), ids=["first part", "second part", "third part", "completing"])
@pytest.mark.parametrize("fault", [refusing(500, "InternalError"), resetting], ids=["500", "reset"])
def test_an_upload_that_cannot_go_on_is_aborted(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, number: int, fault: Fault
) -> None:
    faulty.begin(dict.fromkeys(range(number, number + 5), fault))
    with pytest.raises(JobError):
        putting(LARGE)(store_at(store, prefix, endpoint=faulty.url), tmp_path)
    assert faulty.faults == {}
    assert (objects(store, prefix), uploads(store, prefix)) == ({}, [])


@pytest.mark.parametrize("body, number", [(SMALL, 1), (LARGE, 5)], ids=["put", "completing"])
def test_where_every_answer_is_lost_the_next_run_finds_the_object(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, body: bytes, number: int
) -> None:
    lost: dict[int, Fault] = {number: losing_the_answer} | dict.fromkeys(range(number + 1, number + 5), resetting)
    faulty.begin(lost)
    with pytest.raises(JobError, match="does not answer"):
        putting(body)(store_at(store, prefix, endpoint=faulty.url), tmp_path)
    assert objects(store, prefix) == {"bronze/b.csv": body}
    assert not putting(body)(store_at(store, prefix), tmp_path)
    assert uploads(store, prefix) == []


@pytest.mark.parametrize("number", [3, 5], ids=["putting a part", "completing"])
def test_an_upload_that_somebody_aborts_is_begun_anew(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, number: int
) -> None:
    kept = store_at(store, prefix)

    def aborted(handler: Handler) -> None:
        kept.remove_tree(f"{kept.root}/bronze")
        refusing(404, "NoSuchUpload")(handler)  # as S3 says; moto has no answer then

    faulty.begin({number: aborted})
    assert putting(LARGE)(store_at(store, prefix, endpoint=faulty.url), tmp_path)
    assert (objects(store, prefix), uploads(store, prefix)) == ({"bronze/b.csv": LARGE}, [])
