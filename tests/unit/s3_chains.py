"""Chains of leases looked at and tampered with from outside, and stores that behave oddly."""

import subprocess
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from moto.s3.models import s3_backends

from lakehouse.errors import JobError
from lakehouse.runtime.s3_lease_chain import AT_ONCE, Chain
from lakehouse.runtime.s3_lease_owners import Owner, this_process
from lakehouse.runtime.s3_leases import S3Lease, s3_lease
from tests.unit.lease_processes import BUCKET, TABLE, line, process

ACCOUNT = "123456789012"

HOLD_S3 = """
    import boto3
    from lakehouse.errors import JobError
    from lakehouse.runtime import s3_leases
    s3_leases.POLL_SECONDS = 0.02
    jvm, seconds = (int(word) for word in argument.split())
    try:
        with s3_leases.s3_lease(
            boto3.client("s3", config=s3_leases.CLIENT), "lake", root + "/", table,
            seconds=seconds, say=lambda line: print(line, flush=True),
        ) as held:
            held.guard(jvm or None)
            print("held", flush=True)
            input()
            held.check()
    except JobError as error:
        print(error, flush=True)
"""
"""Takes the lease, guards a process, holds it until a line comes in, and then checks it."""

ELSEWHERE = replace(this_process(60), id="another", host="elsewhere", machine="elsewhere 1 pid:[1]", pid=4711)
"""An owner on another machine, of whose processes nothing is known here."""


def chain(store: Any, prefix: str) -> Chain:
    return Chain(client=store, bucket=BUCKET, prefix=prefix, table=TABLE)


def numbers(store: Any, prefix: str) -> list[int]:
    return [link.number for link in chain(store, prefix).sight().links]


def owner(store: Any, prefix: str) -> Owner:
    """The owner of the greatest number."""
    found = chain(store, prefix).found(chain(store, prefix).sight().greatest, 60)
    assert found is not None
    return found.owner


def remove(store: Any, prefix: str) -> None:
    for listed in store.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]:
        store.delete_object(Bucket=BUCKET, Key=listed["Key"])


def grow_old(prefix: str, seconds: float) -> None:
    """Make the objects of a lakehouse older, as if the store's clock had gone on."""
    keys = s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys
    for name in keys:
        if name.startswith(prefix):
            keys[name].last_modified -= timedelta(seconds=seconds)


class OddStore:
    """A store that is another's but for its puts."""

    def __init__(self, store: Any, put: Callable[..., Any]) -> None:
        self.store, self.put_object = store, put
        self.delete_object = store.delete_object

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def looks_before_it_puts(store: Any) -> Callable[..., Any]:
    """A put that refuses what is there, yet not what others put at the same time: all who began have looked by then."""
    together = threading.Barrier(AT_ONCE)

    def put(*, IfNoneMatch: str, **more: Any) -> Any:  # noqa: N803
        there = "Contents" in store.list_objects_v2(Bucket=more["Bucket"], Prefix=more["Key"])
        if there:
            return store.put_object(**more, IfNoneMatch=IfNoneMatch)
        together.wait(10)
        return store.put_object(**more)

    return put


def taken(store: Any, prefix: str, **options: Any) -> AbstractContextManager[S3Lease]:
    return s3_lease(store, BUCKET, prefix, TABLE, **{"wait": False, **options})


def refusal(store: Any, prefix: str) -> str:
    """What is said to who does not wait."""
    with pytest.raises(JobError) as refused, taken(store, prefix):
        pass
    return str(refused.value)


def holder(prefix: str, jvm: int = 0, seconds: int = 60) -> subprocess.Popen[str]:
    """A process that holds the lease."""
    held = process(HOLD_S3, Path(prefix), f"{jvm} {seconds}")
    assert line(held) == "held"
    return held


def killed_holder(prefix: str, jvm: int = 0) -> int:
    held = holder(prefix, jvm)
    held.kill()
    held.wait()
    return held.pid


def fail_under_lease(store: Any, prefix: str, jvm: int, error: BaseException) -> None:
    with taken(store, prefix) as held:
        held.guard(jvm)
        raise error


def no_answer(**_: Any) -> None:
    raise EndpointConnectionError(endpoint_url="the store")
