"""Each operation on a store in S3, each of its requests lost, refused or unanswered: done all the same, and once."""

from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import JobError
from lakehouse.runtime import s3_clients
from tests.unit.faulty_s3 import (
    Fault,
    Faulty,
    at_first,
    losing_the_answer,
    silent,
)
from tests.unit.lease_processes import BUCKET
from tests.unit.s3_operations import (
    BEFORE,
    FAULTS,
    GIVES_UP,
    OPERATIONS,
    TOLD,
    UNANSWERED,
    UNDONE,
)
from tests.unit.s3_stores import objects, store_at, uploads

pytestmark = pytest.mark.usefixtures("quick")
EVERY = pytest.mark.parametrize("name", OPERATIONS)
EACH_KIND = pytest.mark.parametrize("name", ["put", "put in parts", "read", "size", "list", "remove"])
"""PUT, an upload in parts, GET, HEAD, LIST and DELETE: silence takes its time."""
TIMES = pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])


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
