"""How brokers are reached: both kinds of options from the same settings; a secret is within them and nowhere else."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lakehouse.care.config_check import check_configuration
from lakehouse.errors import UsageError
from lakehouse.runtime.kafka_settings import KafkaSettings
from lakehouse.runtime.settings import Settings, load_settings
from lakehouse.streams.asking import quiet
from lakehouse.streams.connection import client_options, password_of, spark_options

SECRET = 'hunter2 "x" \\n; é'
THERE = "b1.example.com:9093,b2.example.com:9093"


def settings_of(home: Path, **said: Any) -> Settings:
    return load_settings("local").model_copy(update={"home": home, "kafka": KafkaSettings(**said)})


def signing_in(mechanism: str = "SCRAM-SHA-512", **more: Any) -> dict[str, Any]:
    return {
        "bootstrap_servers": THERE,
        "sasl_mechanism": mechanism,
        "username": 'load"er',
        "password_env": "KAFKA_PASSWORD",
        **more,
    }


def test_without_a_broker_the_sentence_says_how_to_have_one(home: Path) -> None:
    for options in (client_options, spark_options):
        with pytest.raises(
            UsageError, match="no broker runs here: lakehouse kafka start begins one, or set LAKEHOUSE_"
        ):
            options(settings_of(home))


def test_without_a_password_there_is_little_to_say(home: Path) -> None:
    settings = settings_of(home, bootstrap_servers=THERE)
    assert client_options(settings) == {"bootstrap_servers": THERE.split(","), "security_protocol": "SSL"}
    assert spark_options(settings) == {"kafka.bootstrap.servers": THERE, "kafka.security.protocol": "SSL"}


@pytest.mark.parametrize(
    "mechanism, module", [("PLAIN", "plain.PlainLoginModule"), ("SCRAM-SHA-256", "scram.ScramLoginModule")]
)
def test_a_password_is_within_the_options(
    mechanism: str, module: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_PASSWORD", SECRET)
    settings = settings_of(home, **signing_in(mechanism))
    assert client_options(settings) == {
        "bootstrap_servers": THERE.split(","),
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": 'load"er',
        "sasl_plain_password": SECRET,
    }
    options = spark_options(settings)
    assert options.pop("kafka.sasl.jaas.config") == (
        f'org.apache.kafka.common.security.{module} required username="load\\"er" password="hunter2 \\"x\\" \\\\n; é";'
    )
    assert options == {
        "kafka.bootstrap.servers": THERE,
        "kafka.security.protocol": "SASL_SSL",
        "kafka.sasl.mechanism": mechanism,
    }
    assert SECRET not in repr(settings)


def test_a_password_of_a_file_is_its_line(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hush\n")
    kafka = KafkaSettings(**signing_in(password_env=None, password_file=file))
    assert password_of(kafka) == "hush"


def test_certificates_go_to_spark_as_text_and_to_python_as_files(home: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.pem" for name in ("ca_file", "certificate_file", "key_file")}
    for name, file in files.items():
        file.write_text(f"text of {name}")
    settings = settings_of(home, bootstrap_servers=THERE, **files)
    assert client_options(settings) | {"bootstrap_servers": ()} == {
        "bootstrap_servers": (),
        "security_protocol": "SSL",
        "ssl_cafile": str(files["ca_file"]),
        "ssl_certfile": str(files["certificate_file"]),
        "ssl_keyfile": str(files["key_file"]),
    }
    assert spark_options(settings) == {
        "kafka.bootstrap.servers": THERE,
        "kafka.security.protocol": "SSL",
        "kafka.ssl.truststore.type": "PEM",
        "kafka.ssl.truststore.certificates": "text of ca_file",
        "kafka.ssl.keystore.type": "PEM",
        "kafka.ssl.keystore.certificate.chain": "text of certificate_file",
        "kafka.ssl.keystore.key": "text of key_file",
    }


@pytest.mark.parametrize(
    "content, told",
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty or not set"),
        (b"\n", "is empty or not set"),
        (b"hunter2\nhunter3\n", "something else than one line of text"),
        (b"hunter2\x00", "something else than one line of text"),
        (b"hunter2\xff", "is no text"),
        (5000 * b"x", "something else than one line of text"),
    ],
)
def test_a_file_without_a_password_is_told_and_nothing_of_it_said(
    content: bytes | None, told: str, home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "hunter1"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=f"the file that LAKEHOUSE_KAFKA__PASSWORD_FILE names .*{told}") as caught:
        client_options(settings_of(home, **signing_in(password_env=None, password_file=file)))
    assert "hunter" not in str(caught.value)


def test_a_variable_without_a_password_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_PASSWORD", raising=False)
    with pytest.raises(UsageError, match="the variable that LAKEHOUSE_KAFKA__PASSWORD_ENV names is empty or not set"):
        spark_options(settings_of(home, **signing_in()))


def test_the_check_of_the_configuration_looks_at_what_is_named(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {name: str(value) for name, value in signing_in(ca_file=tmp_path / "no.pem").items()}
    for name, value in said.items():
        monkeypatch.setenv(f"LAKEHOUSE_KAFKA__{name.upper()}", value)
    found = {finding.place: finding.told for finding in check_configuration(None).findings}
    assert [*found] == ["LAKEHOUSE_KAFKA__CA_FILE", "LAKEHOUSE_KAFKA__PASSWORD_ENV"]
    assert "no.pem) cannot be read" in found["LAKEHOUSE_KAFKA__CA_FILE"]
    assert "is empty or not set" in found["LAKEHOUSE_KAFKA__PASSWORD_ENV"]


def test_the_library_writes_no_options_down(caplog: pytest.LogCaptureFixture) -> None:
    quiet()
    caplog.set_level(logging.DEBUG)
    logging.getLogger("kafka.admin.client").debug("Starting with configuration: %s", {"sasl_plain_password": SECRET})
    assert caplog.text == ""


def test_the_library_is_loaded_by_who_asks_a_broker_alone() -> None:
    modules = "lakehouse.cli.kafka, lakehouse.streams.topics, lakehouse.care.doctor, lakehouse.care.reset"
    code = f"import sys, {modules}; sys.exit(bool({{'kafka', 'pyspark'}} & {{*sys.modules}}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
