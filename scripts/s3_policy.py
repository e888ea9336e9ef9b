"""Amazon's policies, as far as that of `docs/how-to/run-on-s3.md` goes: what a request asks for, and whether it may.

In: a policy as JSON has it, a request's kind, bucket, keys and listed prefix. Out: the actions it needs, and those of
them that no statement allows. Which action a request needs: Amazon S3's user guide, "Required permissions for Amazon S3
API operations". Conditions other than `StringLike` on `s3:prefix` are refused, so that none is passed over.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

ACTIONS = {
    "get": ["s3:GetObject"],
    "head": ["s3:GetObject"],
    "list": ["s3:ListBucket"],
    "put": ["s3:PutObject"],
    "copy": ["s3:PutObject"],
    "delete": ["s3:DeleteObject"],
    "delete many": ["s3:DeleteObject"],
    "create upload": ["s3:PutObject"],
    "put part": ["s3:PutObject"],
    "complete upload": ["s3:PutObject"],
    "abort upload": ["s3:AbortMultipartUpload"],
    "list uploads": ["s3:ListBucketMultipartUploads"],
    "list parts": ["s3:ListMultipartUploadParts"],
}
"""What each kind of request needs; what a copy reads is asked for apart. One that is not here, such as the head of a
bucket, is never allowed."""


def denied(policy: Mapping[str, Any], kind: str, bucket: str, keys: Iterable[str], prefix: str = "") -> list[str]:
    """The actions that a request needs and may not do, each with what it is on; [] where it may do all.

    Args:
        keys: the objects that are asked for; none where it is the bucket itself.
        prefix: what a list is of.
    """
    places = [f"arn:aws:s3:::{bucket}/{key}" for key in keys] or [f"arn:aws:s3:::{bucket}"]
    needed = ACTIONS.get(kind, [f"nothing for {kind}"])
    allowed = list(_allowing(policy, prefix))
    return [f"{action} on {on}" for action in needed for on in places if not _is_any(allowed, action, on)]


def _allowing(policy: Mapping[str, Any], prefix: str) -> Iterator[tuple[list[str], list[str]]]:
    """Actions and resources of the statements whose conditions hold."""
    for statement in policy["Statement"]:
        conditions = {**statement.get("Condition", {})}
        wanted = conditions.pop("StringLike", {"s3:prefix": ["*"]})
        if statement["Effect"] != "Allow" or conditions or {*wanted} != {"s3:prefix"}:
            raise ValueError(f"a statement that is not understood: {statement}")
        if any(fnmatchcase(prefix, one) for one in wanted["s3:prefix"]):
            yield statement["Action"], statement["Resource"]


def _is_any(allowed: Iterable[tuple[list[str], list[str]]], action: str, on: str) -> bool:
    return any(action in actions and any(fnmatchcase(on, one) for one in places) for actions, places in allowed)
