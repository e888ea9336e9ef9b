"""The authorities of a store: a file that is none is told before anything is asked, by a command and by the check."""

import json
from pathlib import Path

import pytest

from tests.kafka.secured import write_certificates
from tests.unit.calls import Command
from tests.unit.wrong_storage import S3, variables

NAMED = "the file that LAKEHOUSE_STORAGE__CA_FILE names"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that a lakehouse in a bucket names; it is not there yet."""
    file = tmp_path / "ca.pem"
    said = variables({**S3, "ENDPOINT": "https://127.0.0.1:1", "PATH_STYLE": "true", "CA_FILE": str(file)})
    for name, value in {**said, "SSL_CERT_FILE": "before"}.items():  # the latter is set by the product, and put back
        monkeypatch.setenv(name, value)
    return file


def told(lakehouse: Command) -> list[str]:
    """What a command says, and what the check of the configuration finds."""
    done, checked = lakehouse("status"), lakehouse("config", "check", "--json")
    assert (done.code, checked.code) == (2, 2)
    (finding,) = json.loads(checked.out)["findings"]
    assert finding["place"] == "LAKEHOUSE_STORAGE__CA_FILE"
    return [done.err.strip().removeprefix("error: "), finding["told"]]


def test_a_file_that_is_not_there(lakehouse: Command, authority: Path) -> None:
    expected = f"{NAMED} cannot be read: No such file or directory"
    assert told(lakehouse) == [expected, expected]


def test_a_folder(lakehouse: Command, authority: Path) -> None:
    authority.mkdir()
    expected = f"{NAMED} cannot be read: Is a directory"
    assert told(lakehouse) == [expected, expected]


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_without_a_certificate(lakehouse: Command, authority: Path, body: bytes) -> None:
    authority.write_bytes(body)
    expected = f"{NAMED} has no certificate: name a file in PEM"
    assert told(lakehouse) == [expected, expected]


def test_a_file_of_authorities_is_sound(lakehouse: Command, authority: Path) -> None:
    write_certificates(authority.parent)
    assert lakehouse("config", "check").code == 0
