"""Operations on a store in S3 that faults strike, the faults, and what is said where they do not end.

In: nothing. Out: tables by name, and the words that a `JobError` must match.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config

from lakehouse.runtime.s3_store import S3Store
from tests.unit.faulty_s3 import (
    Fault,
    losing_the_answer,
    refusing,
    resetting,
)
from tests.unit.s3_stores import written

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
