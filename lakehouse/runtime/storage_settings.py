"""Where a lakehouse is kept: below LAKEHOUSE_HOME, or in a bucket of Amazon S3 or of a server that speaks as it does.

In: what a file or variables say of the group `storage`. Out: the group, validated. Guaranteed: settings that
contradict each other are refused; no credential is a setting, and no sentence of this module repeats a value, which
may be a credential that got into the wrong place.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from lakehouse.runtime.setting_groups import STRICT, Form, path_of, variable_of

BUCKET = re.compile(r"[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]")
IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
PATH = re.compile(r"(?!\.{1,2}(/|$))[A-Za-z0-9_.=-]+(/(?!\.{1,2}(/|$))[A-Za-z0-9_.=-]+)*")
"""A path without an empty part, `.` or `..`; other characters are patterns to Spark, or are quoted by delta-rs."""
LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
SERVER = re.compile(rf"https?://(?P<host>{LABEL}(\.{LABEL})*|\[[0-9a-fA-F:]+\])(:(?P<port>\d{{1,5}}))?")
NUMBERS = re.compile(r"\[.*\]|(.*\.)?\d+")
"""A host that can only be an IP address: of version 6, or with digits at its end."""
KMS_KEY = (
    r"^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key/[A-Za-z0-9-]+|alias/[A-Za-z0-9/_-]+)|alias/[A-Za-z0-9/_-]+"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$"
)
LARGEST_PORT = 65_535

OF_CREDENTIALS = "credentials come from AWS_PROFILE, AWS_ACCESS_KEY_ID or a role"
CREDENTIAL = re.compile(r"access_?key|secret|token|password|credential|profile|role", re.IGNORECASE)
"""What a setting would be called if credentials were settings."""


class StorageSettings(BaseModel):
    """Where bronze, silver, gold, ops and leases are kept: below `LAKEHOUSE_HOME`, or in a bucket (`kind: s3`).

    Credentials are never settings: they come from `AWS_PROFILE`, `AWS_ACCESS_KEY_ID` or a role.
    """

    model_config = STRICT
    kind: Annotated[
        Literal["local", "s3"],
        Field(description="`local`: below `LAKEHOUSE_HOME`; `s3`: in a bucket, and `bucket` and `region` are needed"),
    ] = "local"
    bucket: Annotated[
        str | None, Field(description="the bucket, which must exist"), Form("a bucket's name, without `s3://`")
    ] = None
    prefix: Annotated[
        str,
        Field(max_length=512, description="where in the bucket this lakehouse is; empty: it has all of it"),
        Form("a path such as retail/eu, of letters, digits and - _ . ="),
    ] = ""
    region: Annotated[
        str | None,
        Field(pattern=r"^[a-z0-9-]{1,40}$", description="the region of the bucket; servers of your own take any"),
        Form("a region such as eu-central-1"),
    ] = None
    endpoint: Annotated[
        str | None,
        Field(description="a server that speaks as Amazon S3 does; empty: Amazon's own"),
        Form("a server such as https://s3.example.com or http://127.0.0.1:9000"),
    ] = None
    tls: Annotated[
        bool, Field(description="whether the server is asked over TLS; `false` for an endpoint of `http://`")
    ] = True
    ca_file: Annotated[
        Path | None,
        Field(
            description="the authorities that sign the server's certificate, in PEM, where they are none that every "
            "machine knows; they alone are trusted then"
        ),
    ] = None
    path_style: Annotated[
        bool,
        Field(
            description="whether URLs have the bucket in their path, and not before the host; most servers of your own "
            "need it"
        ),
    ] = False
    encryption: Annotated[
        Literal["bucket", "sse-s3", "sse-kms"],
        Field(description="how objects are encrypted at rest; `bucket`: as the bucket says"),
    ] = "bucket"
    kms_key: Annotated[
        str | None,
        Field(pattern=KMS_KEY, description="the key for `sse-kms`; empty: the account's own, `aws/s3`"),
        Form("the ARN or id of a KMS key, or an alias such as alias/lake"),
    ] = None
    lease_seconds: Annotated[
        int, Field(ge=10, le=3600, description="after so long without a renewal others may take a lease over")
    ] = 60
    staging: Annotated[
        Literal["home", "bucket"],
        Field(
            description="where intermediate results go; `bucket` is for clusters, whose executors do not see "
            "`LAKEHOUSE_HOME`"
        ),
    ] = "home"

    @field_validator("bucket")
    @classmethod
    def _named(cls, name: str | None) -> str | None:
        if name is not None and "://" in name:
            raise ValueError("is an address: give the name of the bucket alone, without s3://")
        if name is not None and (not BUCKET.fullmatch(name) or IP_ADDRESS.fullmatch(name)):
            raise ValueError(
                "must be the name of a bucket: 3 to 63 of small letters, digits, points and hyphens, a letter or "
                "digit at both ends, no two points in a row, no IP address"
            )
        return name

    @field_validator("prefix")
    @classmethod
    def _plain(cls, prefix: str) -> str:
        if prefix and not PATH.fullmatch(prefix):
            raise ValueError(
                "must be a path such as retail/eu: letters, digits and - _ . = alone, no slash at either end, "
                "no part that is empty or . or .."
            )
        return prefix

    @field_validator("endpoint")
    @classmethod
    def _server(cls, url: str | None) -> str | None:
        if url is not None and "@" in url:
            raise ValueError(f"has a user or a password in it: leave them out, as {OF_CREDENTIALS}")
        found = SERVER.fullmatch(url or "")
        sound = found and 0 < int(found["port"] or 1) <= LARGEST_PORT and _may_be(found["host"])
        if url is not None and not sound:
            raise ValueError(
                "must be http:// or https:// with a host and perhaps a port, such as http://127.0.0.1:9000, "
                "and nothing after it"
            )
        return url

    @field_validator("ca_file")
    @classmethod
    def _named_file(cls, file: Path | None) -> Path | None:
        return path_of(file, "a certificate")

    @model_validator(mode="after")
    def _sound(self) -> "StorageSettings":
        if faults := list(self._local_faults() if self.kind == "local" else self._s3_faults()):
            raise ValueError("; ".join(faults))
        return self

    def _local_faults(self) -> Iterator[str]:
        fields = type(self).model_fields.items()
        given = [name for name, field in fields if name != "kind" and getattr(self, name) != field.default]
        if given:
            remedy = _set("kind", "s3")
            yield f"{', '.join(given)}: only S3 has that, but kind is local: set {remedy}, or leave them out"

    def _s3_faults(self) -> Iterator[str]:
        missing = [variable_of("storage", name) for name in ("bucket", "region") if getattr(self, name) is None]
        if missing:
            yield f"kind is s3, but this is not said: set {', '.join(missing)}"
        if self.endpoint is None and not self.tls:
            yield f"tls is false, but Amazon S3 has TLS: leave it out, or set {variable_of('storage', 'endpoint')}"
        elif self.endpoint and self.tls != self.endpoint.startswith("https:"):
            said, other = ("http://", "https://") if self.tls else ("https://", "http://")
            told = "true" if self.tls else "false"
            remedy = _set("tls", "false" if self.tls else "true")
            yield f"endpoint begins with {said}, but tls is {told}: set {remedy}, or give an endpoint of {other}"
        if _is_of_numbers(self.endpoint) and not by_path(self.bucket or "", self.path_style):
            remedy = _set("path_style", "true")
            yield f"endpoint is an IP address, which cannot have the name of a bucket before it: set {remedy}"
        if self.ca_file is not None and self.endpoint is None:
            remedy = variable_of("storage", "endpoint")
            yield f"ca_file is said, but Amazon S3 needs none: leave it out, or set {remedy}"
        elif self.ca_file is not None and not self.tls:
            yield "ca_file is said, but tls is false: leave it out, or give an endpoint of https://"
        if self.kms_key and self.encryption != "sse-kms":
            remedy = _set("encryption", "sse-kms")
            yield f"kms_key is said, but encryption is {self.encryption}: set {remedy}, or leave it out"


def by_path(bucket: str, path_style: bool) -> bool:
    """Whether URLs have the bucket in their path: a name with a dot is no name of a host that a certificate covers."""
    return path_style or "." in bucket


def _is_of_numbers(endpoint: str | None) -> bool:
    found = SERVER.fullmatch(endpoint or "")
    return bool(found and NUMBERS.fullmatch(found["host"]))


def _may_be(host: str) -> bool:
    """Whether a host is a name, or an address that there can be."""
    try:
        return not NUMBERS.fullmatch(host) or bool(ip_address(host.strip("[]")))
    except ValueError:
        return False


def _set(name: str, value: str) -> str:
    return f"{variable_of('storage', name)}={value}"
