"""What a store in S3 refuses, in the words of whoever has to mend it.

In: an error of botocore, and the location it is about. Out: a `JobError` of one sentence with its remedy. Guaranteed:
what credentials say is never part of a sentence, also where the store says it back.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    SSLError,
)

from lakehouse.errors import JobError, masked
from lakehouse.runtime.s3_lease_chain import status_of

OF_CREDENTIALS = frozenset(
    {
        *("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound"),
        *("TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "MetadataRetrievalError"),
        *("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "InvalidClientTokenId"),
        *("InvalidAccessKeyId", "SignatureDoesNotMatch", "UnrecognizedClientException"),
    }
)
"""Errors and answers that say that whoever asks is not known."""
OF_RIGHTS = frozenset({"AccessDenied", "AllAccessDisabled", "403"})
"""Answers that say that whoever asks may not; an object in an archive has this status, too, but another code."""
OF_REGIONS = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})
RIGHTS = {
    "HeadObject": "s3:GetObject and s3:ListBucket",  # without the latter an object that is not there is refused, too
    "GetObject": "s3:GetObject and s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListParts": "s3:ListMultipartUploadParts",
    "DeleteObject": "s3:DeleteObject",
    "DeleteObjects": "s3:DeleteObject",
}
"""What an operation takes, as policies call it."""


@contextmanager
def told(location: str) -> Iterator[None]:
    """Errors of botocore come out as sentences about this location.

    Raises:
        JobError: in place of them.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        refusal = JobError(sentence_of(location, error))
    else:
        return
    raise refusal from None  # nor is what the store said part of a traceback


def sentence_of(location: str, error: ClientError | BotoCoreError) -> str:
    """The sentence about an error."""
    return _refusal(location, error) if isinstance(error, ClientError) else _failure(location, error)


def said_by(error: ClientError) -> str:
    """The store's own words, without what may be a secret in them."""
    message = str(error.response.get("Error", {}).get("Message", "")).rstrip(".")
    return masked(message) or "it does not say why"


def code_of(error: ClientError) -> str:
    """What the store calls its refusal; the HTTP status where it says nothing, as to a HEAD."""
    return str(error.response.get("Error", {}).get("Code") or status_of(error))


def _refusal(location: str, error: ClientError) -> str:
    """What an answer of the store says."""
    code, operation = code_of(error), error.operation_name
    message = said_by(error)
    if code in OF_CREDENTIALS:
        return _not_signed_in(location, code)
    if code in OF_REGIONS or status_of(error) == 301:
        return _elsewhere(location, error)
    if code == "NoSuchBucket":
        return f"there is no bucket for {location}: create it, or name another by LAKEHOUSE_STORAGE__BUCKET"
    if code == "RequestTimeTooSkewed":
        return f"the store of {location} finds this machine's clock wrong: set it, best by NTP, and run it again"
    if code in OF_RIGHTS:
        right = "the rights to its KMS key" if "kms" in message.lower() else RIGHTS.get(operation, f"s3:{operation}")
        return f"{operation} on {location} is refused ({message}): grant {right} to the role or user that runs this"
    return (
        f"the store answered {operation} on {location} with {code} ({message}): "
        "run the command again, and if it repeats, see to the store"
    )


def _failure(location: str, error: BotoCoreError) -> str:
    """What went wrong before there was an answer, or while it came in."""
    name = type(error).__name__
    if name in OF_CREDENTIALS:
        return _not_signed_in(location, name)
    if isinstance(error, SSLError):
        return _not_trusted(location, str(error))
    if isinstance(error, HTTPClientError | ConnectionError | IncompleteReadError):
        return (
            f"the store of {location} does not answer ({error}): see to the network, and that "
            "LAKEHOUSE_STORAGE__ENDPOINT is its address (none for Amazon S3) and LAKEHOUSE_STORAGE__PATH_STYLE as it "
            "wants it, then run the command again"
        )
    return f"nothing could be asked of the store of {location} ({error}): see to the settings LAKEHOUSE_STORAGE__…"


def _not_trusted(location: str, said: str) -> str:
    """Why there is no connection over TLS, by what OpenSSL says."""
    if "local issuer certificate" in said or "self-signed" in said:
        return (
            f"the certificate of the store of {location} is signed by nobody that is trusted ({said}): name the "
            "authorities that sign it by LAKEHOUSE_STORAGE__CA_FILE"
        )
    if "WRONG_VERSION_NUMBER" in said or "record layer failure" in said.lower():
        return (
            f"the store of {location} does not speak TLS ({said}): give an endpoint of http:// and "
            "LAKEHOUSE_STORAGE__TLS=false, or the port that does"
        )
    return (
        f"there is no connection over TLS to the store of {location} ({said}): see to its certificate, and that "
        "LAKEHOUSE_STORAGE__ENDPOINT has the name that is in it"
    )


def _not_signed_in(location: str, why: str) -> str:
    return (
        f"the store of {location} cannot be asked without valid credentials ({why}): set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) or AWS_PROFILE, renew them, or give this machine a role"
    )


def _elsewhere(location: str, error: ClientError) -> str:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = error.response.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region")
    named = f" ({region})" if region else ""
    return f"the bucket of {location} is in another region{named}: set LAKEHOUSE_STORAGE__REGION to the bucket's own"
