"""An upload to S3 whose requests are lost, refused or changed on their way: whole and once, or aborted and told."""

from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import JobError
from tests.unit.faulty_s3 import (
    Fault,
    Faulty,
    Handler,
    corrupting,
    losing_the_answer,
    refusing,
    resetting,
    silent,
)
from tests.unit.s3_operations import (
    GIVES_UP,
    LARGE,
    SMALL,
    TOLD,
    UNANSWERED,
    UNDONE,
    putting,
)
from tests.unit.s3_stores import objects, store_at, uploads

pytestmark = pytest.mark.usefixtures("quick")


EACH_REQUEST = pytest.mark.parametrize(
    "body, number",
    [(SMALL, 1), *((LARGE, number) for number in range(1, 6))],
    ids=["put", "beginning", "first part", "second part", "third part", "completing"],
)


@EACH_REQUEST
@pytest.mark.parametrize("kind", UNDONE)
def test_an_upload_that_cannot_go_on_is_aborted(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, body: bytes, number: int, kind: str
) -> None:
    faulty.begin(dict.fromkeys(range(number, number + 5), UNDONE[kind]))
    with pytest.raises(JobError, match=TOLD[kind]):
        putting(body)(store_at(store, prefix, endpoint=faulty.url), tmp_path)
    assert faulty.faults == {}
    assert (objects(store, prefix), uploads(store, prefix)) == ({}, [])


@EACH_REQUEST
def test_an_upload_that_is_met_with_silence_is_aborted(
    store: Any, prefix: str, tmp_path: Path, unheard: Faulty, body: bytes, number: int
) -> None:
    unheard.begin(dict.fromkeys(range(number, number + GIVES_UP.retries["total_max_attempts"]), silent))
    with pytest.raises(JobError, match=UNANSWERED):
        putting(body)(store_at(store, prefix, endpoint=unheard.url), tmp_path)
    assert unheard.faults == {}
    assert (objects(store, prefix), uploads(store, prefix)) == ({}, [])


@pytest.mark.parametrize("number", range(1, 5), ids=["beginning", "first part", "second part", "third part"])
def test_an_upload_of_which_no_answer_is_heard_is_aborted_as_far_as_it_is_known(
    store: Any, prefix: str, tmp_path: Path, faulty: Faulty, number: int
) -> None:
    faulty.begin(dict.fromkeys(range(number, number + 5), losing_the_answer))
    with pytest.raises(JobError, match="does not answer"):
        putting(LARGE)(store_at(store, prefix, endpoint=faulty.url), tmp_path)
    begun_unheard = 5 if number == 1 else 0  # `audit bronze` tells them
    assert (objects(store, prefix), len(uploads(store, prefix))) == ({}, begun_unheard)


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
