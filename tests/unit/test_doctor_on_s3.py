"""`lakehouse doctor` on a bucket: the store is tried, left as it was, and one without conditions is refused."""

import json
from typing import Any

import pytest

from lakehouse.runtime.s3_store import S3Store
from scripts.s3_server import environment
from tests.unit.calls import Command
from tests.unit.faulty_s3 import Faulty, unconditional
from tests.unit.lease_processes import BUCKET
from tests.unit.s3_stores import objects, uploads
from tests.unit.test_doctor import CHECKS

OF_STORE = ["bucket", "clock", "conditional puts", "uploads in parts", "encryption", "tables"]


def in_use(monkeypatch: pytest.MonkeyPatch, address: str, prefix: str) -> None:
    for name, value in environment(address, BUCKET).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LAKEHOUSE_STORAGE__PREFIX", prefix.rstrip("/"))
    monkeypatch.setenv("LAKEHOUSE_STORAGE__ENCRYPTION", "sse-s3")


def told(lakehouse: Command) -> tuple[int, dict[str, Any]]:
    done = lakehouse("doctor", "--json")
    return done.code, json.loads(done.out)


def leftovers(store: Any, prefix: str) -> list[str]:
    """What is there but the chain of the lease that was tried, which stays as every table's does."""
    return [*uploads(store, prefix), *(key for key in objects(store, prefix) if not key.startswith("leases/doctor/"))]


def wrong(answer: dict[str, Any]) -> dict[str, str]:
    """What is not well, by its check."""
    return {one["check"]: one["told"] for one in answer["checks"] if not one["ok"]}


def test_a_fit_store_is_tried_and_left_as_it_was(
    store: Any, prefix: str, lakehouse: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use(monkeypatch, store.meta.endpoint_url, prefix)
    code, answer = told(lakehouse)
    assert (code, answer["ok"], wrong(answer)) == (0, True, {})
    leases = CHECKS.index("leases")
    assert [one["check"] for one in answer["checks"]] == [*CHECKS[:leases], *OF_STORE, *CHECKS[leases:]]
    found = {one["check"]: one["told"] for one in answer["checks"]}
    assert [found[check] for check in [*OF_STORE, "leases"]] == [
        f"s3a://{BUCKET}/{prefix.rstrip('/')} can be written",
        "agrees with the store's",
        "If-None-Match is honoured",
        "If-None-Match is honoured where they are completed",
        "AES256",
        "can be kept there",
        "one writer at a time",
    ]
    assert leftovers(store, prefix) == []


def test_a_store_without_conditions_is_refused(
    store: Any, prefix: str, faulty: Faulty, lakehouse: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use(monkeypatch, faulty.url, prefix)
    faulty.begin(always=unconditional)
    code, answer = told(lakehouse)
    assert (code, answer["ok"]) == (2, False)
    assert wrong(answer) == {
        "conditional puts": (
            f"the store of s3://{BUCKET} does not honour If-None-Match when an object is put, so leases would exclude "
            "nobody there: use Amazon S3, or a store (or a newer version of this one) with conditional writes"
        ),
        "uploads in parts": (
            f"the store of s3a://{BUCKET}/{prefix.rstrip('/')} does not honour If-None-Match when an upload in parts "
            "is completed, so two landings of one file could both write it: use Amazon S3, or a newer version of this "
            "store"
        ),
    }
    assert leftovers(store, prefix) == []


def test_a_store_that_delta_rs_cannot_use_is_refused(
    store: Any, prefix: str, lakehouse: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one whose certificate is its own authority's: OpenSSL takes it, delta-rs does not."""
    in_use(monkeypatch, store.meta.endpoint_url, prefix)
    monkeypatch.setattr(S3Store, "delta_options", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "max_retries": "0"})
    code, answer = told(lakehouse)
    assert (code, answer["ok"]) == (2, False)
    assert wrong(answer) == {
        "tables": (
            f"boto3 can use the store of s3a://{BUCKET}/{prefix.rstrip('/')}, but delta-rs or pyarrow cannot: see to "
            "the certificates in LAKEHOUSE_STORAGE__CA_FILE (of the authority, not the server's own), and to the "
            "environment's proxies"
        )
    }
    assert leftovers(store, prefix) == []
