"""What a store in S3 refuses is told in one sentence with its remedy; and what `lakehouse doctor` finds there."""

import re
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from lakehouse.errors import JobError
from lakehouse.runtime import s3_probe
from lakehouse.runtime.s3_clients import Reach
from lakehouse.runtime.s3_errors import RIGHTS, told
from lakehouse.runtime.s3_store import S3Store
from tests.unit.faulty_s3 import after, faulty_before, refusing
from tests.unit.lease_processes import BUCKET
from tests.unit.s3_stores import hasty, objects, store_at, uploads

PLACE = "s3a://lake/retail/a.csv"


def refusal(
    code: str, message: str = "so told", operation: str = "PutObject", status: int = 400, **more: Any
) -> Exception:
    error = {"Code": code, "Message": message, **more}
    return ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}, operation)  # type: ignore[typeddict-item]


def sentence(error: Exception) -> str:
    with pytest.raises(JobError) as refused, told(PLACE):
        raise error
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    return str(refused.value)


@pytest.mark.parametrize("operation, right", RIGHTS.items())
def test_a_right_that_lacks_is_named(operation: str, right: str) -> None:
    for code in ("AccessDenied", "403"):
        assert sentence(refusal(code, "Access Denied", operation, 403)) == (
            f"{operation} on {PLACE} is refused (Access Denied): grant {right} to the role or user that runs this"
        )


def test_a_key_that_may_not_be_used_is_named() -> None:
    message = "not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:1:key/2"
    assert sentence(refusal("AccessDenied", message, status=403)) == (
        f"PutObject on {PLACE} is refused ({message}): "
        "grant the rights to its KMS key to the role or user that runs this"
    )


@pytest.mark.parametrize(
    "error",
    [
        refusal("InvalidAccessKeyId", "AKIASECRET does not exist", status=403),
        refusal("ExpiredToken", "AKIASECRET has expired"),
        refusal("SignatureDoesNotMatch", "AKIASECRET", status=403),
        exceptions.NoCredentialsError(),
        exceptions.CredentialRetrievalError(provider="process", error_msg="AKIASECRET"),
        exceptions.ProfileNotFound(profile="AKIASECRET"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_credentials_that_lack_are_told_and_never_shown(error: Exception) -> None:
    text = sentence(error)
    assert f"the store of {PLACE} cannot be asked without valid credentials (" in text
    assert "): set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) or AWS_PROFILE" in text
    assert "AKIASECRET" not in text


SECRETS = (
    "FwoGZXIvYXdzEBYaDCanaryCanaryCanary0123456789+/abc==",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AKIAIOSFODNN7EXAMPLE",
    "fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024",
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("code", ["AccessDenied", "InternalError", "MalformedXML"])
def test_what_a_store_repeats_of_a_signature_or_a_token_is_not_told(code: str, secret: str) -> None:
    text = sentence(refusal(code, f"no: Signature={secret}, X-Amz-Security-Token: {secret}", status=403))
    assert secret not in text
    assert secret[:12] not in text
    assert text.startswith(("PutObject on", "the store answered PutObject on"))


@pytest.mark.parametrize(
    "error, said",
    [
        (refusal("NoSuchBucket", status=404), "create it, or name another by LAKEHOUSE_STORAGE__BUCKET"),
        (refusal("AuthorizationHeaderMalformed", Region="eu-west-1"), r"another region \(eu-west-1\): set LAKEHOUSE_"),
        (refusal("PermanentRedirect", status=301), "in another region: set LAKEHOUSE_STORAGE__REGION"),
        (refusal("RequestTimeTooSkewed", status=403), "clock wrong: set it"),
        (refusal("InvalidObjectState", status=403), r"with InvalidObjectState \(so told\): run the command again"),
        (refusal("QuotaExceeded", "full.", status=507), r"answered PutObject on .* with QuotaExceeded \(full\): run"),
        (exceptions.EndpointConnectionError(endpoint_url="http://no"), "not answer .* LAKEHOUSE_STORAGE__ENDPOINT is"),
        (exceptions.ReadTimeoutError(endpoint_url="http://no"), "not answer .* LAKEHOUSE_STORAGE__ENDPOINT is"),
        (exceptions.ParamValidationError(report="it"), "see to the settings"),
    ],
)
def test_a_refusal_has_its_remedy(error: Exception, said: str) -> None:
    with pytest.raises(JobError, match=said):
        raise JobError(sentence(error))


def test_every_method_tells_it(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hasty(monkeypatch)
    none = S3Store(bucket="none", region="us-east-1", endpoint=store.meta.endpoint_url, path_style=True)
    calls = (
        lambda: none.table_exists(f"{none.root}/silver/sales"),
        lambda: none.open_object(f"{none.root}/a"),
        lambda: list(none.objects_below(none.root)),
        lambda: none.remove_object(f"{none.root}/a"),
        lambda: none.remove_object(f"{none.root}/a.part/1"),
        lambda: none.remove_tree(f"{none.root}/a"),
        lambda: s3_probe.can_be_written(none),
        lambda: s3_probe.refuses_what_is_there(none),
        lambda: s3_probe.has_our_time(none),
    )
    for call in calls:
        with pytest.raises(JobError, match=r"there is no bucket for s3a://none.*: create it"):
            call()


def test_a_store_that_nobody_serves_and_credentials_that_nobody_has(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty(monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(JobError, match=rf"does not answer \(.*127\.0\.0\.1:{port}"):
        store_at(store, "", endpoint=f"http://127.0.0.1:{port}").table_exists(f"s3a://{BUCKET}/silver/sales")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(JobError, match=r"without valid credentials \(NoCredentialsError\)"):
        store_at(store, "", kms_key="for a new client").table_exists(f"s3a://{BUCKET}/silver/sales")


def test_what_the_store_keeps_though_it_was_to_be_removed_is_told(
    store: Any, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = store_at(store, prefix)
    store.put_object(Bucket=BUCKET, Key=f"{prefix}staging/1/a", Body=b"x")
    answer = {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "Access Denied"}]}
    monkeypatch.setattr(kept.reach.client(), "delete_objects", lambda **_: answer, raising=False)
    with pytest.raises(JobError, match=r"DeleteObjects on .* is refused .*: grant s3:DeleteObject"):
        kept.remove_tree(f"{kept.root}/staging/1")


def test_a_store_without_uploads_in_parts_has_none_unfinished(store: Any, prefix: str) -> None:
    store.put_object(Bucket=BUCKET, Key=f"{prefix}a", Body=b"x")
    with faulty_before(store.meta.endpoint_url) as faulty:
        faulty.begin({0: refusing(501, "NotImplemented")})
        kept = store_at(store, prefix, endpoint=faulty.url)
        assert list(kept.objects_below(kept.root)) == [("a", 1)]


def test_a_fit_store_is_found_fit_and_left_as_it_was(store: Any, prefix: str) -> None:
    kept = store_at(store, prefix, encryption="sse-s3")
    told_by = {name: check() for name, check in s3_probe.probe(kept)}
    assert told_by == {
        "bucket": f"{kept.root} can be written",
        "clock": "agrees with the store's",
        "conditional puts": "If-None-Match is honoured",
        "uploads in parts": "If-None-Match is honoured where they are completed",
        "encryption": "AES256",
        "tables": "can be kept there",
    }
    assert (objects(store, prefix), uploads(store, prefix)) == ({}, [])
    with s3_probe._object(kept) as place:
        assert place.location.startswith(f"{kept.root}/.doctor/")
        assert list(objects(store, prefix)) == [place.key.removeprefix(prefix)]


def test_a_store_that_completes_what_is_there_is_refused(store: Any, prefix: str) -> None:
    def without_condition(handler: Any) -> None:
        del handler.headers["If-None-Match"]

    with faulty_before(store.meta.endpoint_url) as faulty:
        kept = store_at(store, prefix, endpoint=faulty.url)
        faulty.begin({3: lambda handler: (without_condition(handler), after(bool)(handler))[1]})
        with pytest.raises(JobError, match="does not honour If-None-Match when an upload in parts is completed"):
            s3_probe.refuses_parts_of_what_is_there(kept)
        faulty.begin({3: refusing(501, "NotImplemented")})
        with pytest.raises(JobError, match="does not honour If-None-Match when an upload in parts is completed"):
            s3_probe.refuses_parts_of_what_is_there(kept)
    assert (objects(store, prefix), uploads(store, prefix)) == ({}, [])


def test_encryption_other_than_asked_is_refused(store: Any, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    by_key = store_at(store, prefix, encryption="sse-kms", kms_key="key/1")
    assert s3_probe.encrypts(by_key) == "aws:kms by key/1"
    monkeypatch.setattr(Reach, "put_parameters", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key/2"})
    with pytest.raises(JobError, match=r"by the key key/2, not by key/1: see to LAKEHOUSE_STORAGE__KMS_KEY"):
        s3_probe.encrypts(by_key)
    with pytest.raises(JobError, match=r"encrypts by aws:kms, not by AES256: set LAKEHOUSE_STORAGE__ENCRYPTION"):
        s3_probe.encrypts(store_at(store, prefix, encryption="sse-s3"))


@pytest.mark.parametrize("seconds, said", [(60, "ahead of"), (-100, "behind")])
def test_a_clock_that_is_a_little_off_is_told(
    store: Any, prefix: str, monkeypatch: pytest.MonkeyPatch, seconds: int, said: str
) -> None:
    class Clock:
        @staticmethod
        def now(_: object) -> datetime:
            return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds * factor)

    monkeypatch.setattr(s3_probe, "datetime", Clock)
    factor = 1
    told_so = s3_probe.has_our_time(store_at(store, prefix))
    assert re.fullmatch(rf"\d+ s {said} that of the store: set it, best by NTP", told_so)
    factor = 10
    with pytest.raises(JobError, match=rf"of this machine is \d+ s {said} that of the store of s3a:"):
        s3_probe.has_our_time(store_at(store, prefix))
