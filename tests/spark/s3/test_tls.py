"""A bucket over TLS, whose certificate is signed by an authority of one's own: all clients ask it, and no other."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from lakehouse.sample import write_sample
from scripts.s3_server import environment, s3_server
from tests.kafka.secured import write_certificates
from tests.kills import ended

BUCKET = f"retail-{uuid4().hex}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates: of an authority, of a server, and of an authority that signed nothing."""
    folder = tmp_path_factory.mktemp("certificates")
    write_certificates(folder)
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with s3_server(str(folder / "server.crt.pem"), str(folder / "server.key.pem")) as served:
        signed = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "verify": str(folder / "ca.pem")}
        boto3.client("s3", endpoint_url=served, region_name="us-east-1", **signed).create_bucket(Bucket=BUCKET)
        yield served


@pytest.fixture
def variables(address: str, folder: Path) -> dict[str, str]:
    """Of a lakehouse in that bucket; what is staged goes there, too, so that all four clients are at work."""
    there = environment(address, BUCKET) | {"LAKEHOUSE_STORAGE__TLS": "true", "LAKEHOUSE_STORAGE__STAGING": "bucket"}
    return {**there, "LAKEHOUSE_STORAGE__CA_FILE": str(folder / "ca.pem")}


def test_files_go_to_gold_over_tls(home: Path, variables: dict[str, str], tmp_path: Path) -> None:
    (file,) = write_sample(tmp_path, rows=300, days=1)
    done = ended(home, "run", "--to", "gold", "--json", "--source", "superstore", str(file.path), **variables)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["release"]["number"] == 1
    audited = ended(home, "audit", "bronze", **variables)
    assert audited.returncode == 0, audited.stdout + audited.stderr


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """A server that does not speak TLS, by the address of one that does."""
    with s3_server() as served:
        yield served.replace("http:", "https:")


UNTRUSTED = "is signed by nobody that is trusted", "name the authorities that sign it by LAKEHOUSE_STORAGE__CA_FILE"
NO_TLS = "does not speak TLS", "LAKEHOUSE_STORAGE__TLS=false, or the port that does"
OTHER_NAME = "there is no connection over TLS", "LAKEHOUSE_STORAGE__ENDPOINT has the name that is in it"


@pytest.mark.parametrize(
    "authority, host, begins, ends",
    [
        ("other-ca.pem", "the server", *UNTRUSTED),
        ("", "the server", *UNTRUSTED),
        ("ca.pem", "plain", *NO_TLS),
        ("ca.pem", "localhost", *OTHER_NAME),
    ],
    ids=["another's authority", "only what every machine knows", "no TLS there", "another name"],
)
def test_a_store_that_cannot_be_trusted_is_asked_nothing(
    home: Path, variables: dict[str, str], folder: Path, plain: str, tmp_path: Path, authority: str, host: str,
    begins: str, ends: str,
) -> None:  # fmt: skip
    (file,) = write_sample(tmp_path, rows=200, days=1)
    said = {**variables, "LAKEHOUSE_STORAGE__CA_FILE": str(folder / authority) if authority else ""}
    if host != "the server":
        other = variables["LAKEHOUSE_STORAGE__ENDPOINT"].replace("127.0.0.1", "localhost")
        said["LAKEHOUSE_STORAGE__ENDPOINT"] = plain if host == "plain" else other
    done = ended(home, "land", "--source", "superstore", str(file.path), **said)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert begins in line
    assert line.endswith(ends)
