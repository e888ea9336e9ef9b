"""Each operation on a store in S3, each of its requests lost, refused or unanswered: done all the same, and once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from lakehouse.errors import JobError
from lakehouse.runtime import s3_clients
from lakehouse.runtime.s3_store import S3Store
from tests.unit.faulty_s3 import (
    Fault,
    Faulty,
    Handler,
    at_first,
    corrupting,
    faulty_before,
    losing_the_answer,
    refusing,
    resetting,
    silent,
)
from tests.unit.lease_processes import BUCKET
from tests.unit.s3_stores import objects, store_at, uploads, written

SMALL, LARGE = b"a,b\n1,2\n", bytes(range(256)) * 11
BEFORE = {"bronze/a.csv": b"abc", "silver/sales/_delta_log/00000000000000000000.json": b"{}"}
TOO_MANY, INTERNAL, SLOW_DOWN = (
    refusing(429, "TooManyRequests"),
    refusing(500, "InternalError"),
    refusing(503, "SlowDown"),
)
UNDONE: dict[str, Fault] = {"429": TOO_MANY, "500": INTERNAL, "503": SLOW_DOWN, "reset": resetting}
FAULTS = {**UNDONE, "done but unheard": losing_the_answer}
UNANSWERED = r"the store of s3a://.* does not answer \(.*\): see to the network, .* then run the command again"
TOLD = {
    "429": r"answered \w+ on s3a://.* with (TooManyRequests|429) \(.*\): run the command again",
    "500": r"answered \w+ on s3a://.* with (InternalError|500) \(.*\): run the command again",
    "503": r"answered \w+ on s3a://.* with (SlowDown|503) \(.*\): run the command again",
    "reset": UNANSWERED,
    "done but unheard": UNANSWERED,
}
"""What is said where it does not end; to a HEAD the store says a status alone."""
GIVES_UP = Config(read_timeout=0.25, retries={"mode": "standard", "total_max_attempts": 4})
"""A client that does not wait long for an answer."""


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
EACH_KIND = pytest.mark.parametrize("name", ["put", "put in parts", "read", "size", "list", "remove"])
"""PUT, an upload in parts, GET, HEAD, LIST and DELETE: silence takes its time."""
TIMES = pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])


@pytest.fixture(scope="module")
def another(store: Any) -> Iterator[Faulty]:
    with faulty_before(store.meta.endpoint_url) as faulty:
        yield faulty


@pytest.fixture
def unheard(another: Faulty, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    """Its client is made here, so it is one that gives up soon."""
    monkeypatch.setattr(s3_clients, "FOR_OBJECTS", s3_clients.FOR_OBJECTS.merge(GIVES_UP))
    another.begin()
    return another


def fill(store: Any, prefix: str) -> None:
    for key, body in BEFORE.items():
        store.put_object(Bucket=BUCKET, Key=prefix + key, Body=body)


def check_all_requests(
    store: Any, prefix: str, folder: Path, faulty: Faulty, name: str, fault: Fault, times: int
) -> None:
    operation = OPERATIONS[name]
    fill(store, prefix)
    faulty.begin(always=at_first(fault, times))
    assert operation.call(store_at(store, prefix, endpoint=faulty.url), folder) == operation.answers[0]
    assert len(faulty.asked) >= operation.requests * (times + 1)  # more where a busy machine was slow to answer
    assert (objects(store, prefix), uploads(store, prefix)) == (operation.leaves, [])


@EVERY
@TIMES
@pytest.mark.parametrize("kind", UNDONE)
def test_requests_that_go_wrong_are_made_again(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, name: str, kind: str, times: int
) -> None:
    check_all_requests(store, prefix, tmp_path, faulty, name, UNDONE[kind], times)


@EACH_KIND
@TIMES
def test_a_store_that_stays_silent_is_asked_again(
    store: Any, prefix: str, tmp_path: Path, unheard: Faulty, name: str, times: int
) -> None:
    check_all_requests(store, prefix, tmp_path, unheard, name, silent, times)


@EVERY
@TIMES
def test_what_is_done_but_unheard_with_any_request_changes_nothing(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, name: str, times: int
) -> None:
    operation = OPERATIONS[name]
    for number in range(operation.requests):
        below = f"{prefix}{number}/"
        fill(store, below)
        faulty.begin(dict.fromkeys(range(number, number + times), losing_the_answer))
        assert operation.call(store_at(store, below, endpoint=faulty.url), tmp_path) in operation.answers
        assert faulty.faults == {}
        assert objects(store, below) == operation.leaves
        begun_unheard = name == "put in parts" and number == 1
        assert len(uploads(store, below)) == times * begun_unheard  # empty, told by `objects_below`


@EVERY
@pytest.mark.parametrize("kind", FAULTS)
def test_a_store_that_never_recovers_is_told_and_nothing_is_half_there(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, name: str, kind: str
) -> None:
    fill(store, prefix)
    faulty.begin(always=FAULTS[kind])
    with pytest.raises(JobError, match=TOLD[kind]):
        OPERATIONS[name].call(store_at(store, prefix, endpoint=faulty.url), tmp_path)
    assert len(faulty.asked) == s3_clients.FOR_OBJECTS.retries["total_max_attempts"] == 5
    removed = name == "remove" and kind == "done but unheard"
    assert (objects(store, prefix), uploads(store, prefix)) == (OPERATIONS[name].leaves if removed else BEFORE, [])


@EACH_KIND
def test_a_store_that_stays_silent_for_good_is_told(
    store: Any, prefix: str, tmp_path: Path, unheard: Faulty, name: str
) -> None:
    fill(store, prefix)
    unheard.begin(always=silent)
    with pytest.raises(JobError, match=UNANSWERED):
        OPERATIONS[name].call(store_at(store, prefix, endpoint=unheard.url), tmp_path)
    assert len(unheard.asked) == GIVES_UP.retries["total_max_attempts"]
    assert (objects(store, prefix), uploads(store, prefix)) == (BEFORE, [])


@pytest.mark.parametrize(
    "body, number",
    [(SMALL, 1), *((LARGE, number) for number in range(1, 6))],
    ids=["put", "beginning", "first part", "second part", "third part", "completing"],
)
@pytest.mark.parametrize("kind", UNDONE)
def test_an_upload_that_cannot_go_on_is_aborted(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, body: bytes, number: int, kind: str
) -> None:
    faulty.begin(dict.fromkeys(range(number, number + 5), UNDONE[kind]))
    with pytest.raises(JobError, match=TOLD[kind]):
        putting(body)(store_at(store, prefix, endpoint=faulty.url), tmp_path)
    assert faulty.faults == {}
    assert (objects(store, prefix), uploads(store, prefix)) == ({}, [])


@pytest.mark.parametrize(
    "body, number",
    [(SMALL, 1), (LARGE, 2), (LARGE, 3), (LARGE, 4)],
    ids=["put", "first part", "second part", "third part"],
)
def test_a_body_that_arrives_otherwise_is_told_and_put_by_the_next_run(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, body: bytes, number: int
) -> None:
    """As far as it is ours: the sha256 of each body goes with it, and what a store says to another one is heard."""
    faulty.begin({number: corrupting})
    kept = store_at(store, prefix, endpoint=faulty.url)
    with pytest.raises(
        JobError, match=r"answered (PutObject|UploadPart) on s3a://.* with BadDigest .*: run the command"
    ):
        putting(body)(kept, tmp_path)
    assert (objects(store, prefix), uploads(store, prefix)) == ({}, [])
    assert putting(body)(kept, tmp_path)
    assert (objects(store, prefix), uploads(store, prefix)) == ({"bronze/b.csv": body}, [])


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
