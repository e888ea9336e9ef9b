"""Signing in to a real broker over TLS: by password, by certificate, from Python, from Java; and being refused."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse.care.broker_check import told_of_broker
from lakehouse.errors import JobError, LakehouseError, UsageError
from lakehouse.runtime.jars import class_path
from lakehouse.runtime.kafka_settings import KafkaSettings
from lakehouse.runtime.settings import Settings, load_settings
from lakehouse.streams import broker, broker_files
from lakehouse.streams.asking import asked
from lakehouse.streams.connection import client_options, spark_options
from lakehouse.streams.topics import described, ensured
from tests.kafka.secured import PASSWORD, TOPIC, Secured, java_properties, settings_text, write_certificates

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A broker that wants to know who asks, with users and a topic."""
    folder = tmp_path_factory.mktemp("secured")
    home = folder / "home"
    write_certificates(folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(broker_files, "OURS", range(26_000, 32_768))
        beside = broker_files.free_ports(str(home), None)
        patched.setattr(broker_files, "OURS", range(20_000, 26_000))
        signed, mutual = beside.clients, beside.controller
        patched.setattr(broker_files, "SETTINGS", settings_text(broker_files.SETTINGS, folder, signed, mutual))
        there, _ = broker.start(str(home))
    try:
        _add_users(there.address)
        yield Secured(home=home, folder=folder, signed=f"127.0.0.1:{signed}", mutual=f"127.0.0.1:{mutual}")
    finally:
        broker.stop(str(home))


def _add_users(address: str) -> None:
    """Passwords for SCRAM, a topic, and what the reader may do with it; by the port that asks nobody who he is."""
    with asked({"bootstrap_servers": [address]}) as client:
        from kafka import admin

        mechanisms = (admin.ScramMechanism.SCRAM_SHA_256, admin.ScramMechanism.SCRAM_SHA_512)
        for each in mechanisms:
            done = client.alter_user_scram_credentials([admin.UserScramCredentialUpsertion("loader", each, PASSWORD)])
            assert done == {"loader": None}
        client.create_topics({TOPIC: {"num_partitions": 2}})
        topic = admin.ResourcePattern(admin.ResourceType.TOPIC, TOPIC)
        allow, describe = admin.ACLPermissionType.ALLOW, admin.ACLOperation.DESCRIBE
        client.create_acls([admin.ACL("User:reader", "*", describe, allow, topic)])


def settings_of(secured: Secured, **said: Any) -> Settings:
    kafka = KafkaSettings(**{"ca_file": secured.folder / "ca.pem", "topic": TOPIC, **said})
    return load_settings("local").model_copy(update={"home": secured.home, "kafka": kafka})


def by_password(secured: Secured, mechanism: str = "PLAIN", user: str = "loader", **said: Any) -> Settings:
    signing_in = {"sasl_mechanism": mechanism, "username": user, "password_env": "KAFKA_PASSWORD"}
    there = {"bootstrap_servers": secured.signed, "security_protocol": "SASL_SSL"}
    return settings_of(secured, **{**there, **signing_in, **said})


def by_certificate(secured: Secured, **said: Any) -> Settings:
    files = {"certificate_file": secured.folder / "loader.crt.pem", "key_file": secured.folder / "loader.key.pem"}
    return settings_of(secured, bootstrap_servers=secured.mutual, security_protocol="SSL", **{**files, **said})


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_PASSWORD", PASSWORD)
    monkeypatch.setattr("lakehouse.streams.asking.ANSWER_SECONDS", 3.0)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_python_signs_in_by_password(mechanism: str, secured: Secured) -> None:
    topic = described(by_password(secured, mechanism), TOPIC)
    assert topic is not None
    assert topic.partitions == 2
    assert "topic guarded of 2 partition(s)" in told_of_broker(by_password(secured, mechanism))


def test_python_signs_in_by_certificate(secured: Secured) -> None:
    assert ensured(by_certificate(secured), "made-by-certificate", 1).done == "created"


def java(secured: Secured, settings: Settings, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """A Java client with the very options that Spark's source is given."""
    file = tmp_path / "client.properties"
    file.write_text(java_properties(spark_options(settings)), encoding="utf-8")
    words = ("--bootstrap-server", settings.kafka.bootstrap_servers or "", "--command-config", str(file))
    asking = ("--describe", "--entity-type", "topics", "--entity-name", TOPIC, "--all")
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", class_path(groups=("broker",)), "kafka.admin.ConfigCommand"]
    return subprocess.run([*command, *words, *asking], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("way", ["PLAIN", "SCRAM-SHA-512", "certificate"])
def test_java_signs_in_with_the_options_of_spark(way: str, secured: Secured, tmp_path: Path) -> None:
    settings = by_certificate(secured) if way == "certificate" else by_password(secured, way)
    done = java(secured, settings, tmp_path)
    assert "retention.ms=604800000" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_wrong_password_is_told(mechanism: str, secured: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_PASSWORD", "wrong-password")
    with pytest.raises(JobError, match=r"does not let this user in|while this user signs in") as caught:
        described(by_password(secured, mechanism), TOPIC)
    assert "wrong-password" not in str(caught.value)


REFUSED: dict[str, tuple[dict[str, Any], type[LakehouseError], str]] = {
    "an authority that is not trusted": ({"ca_file": "other-ca.pem"}, UsageError, "cannot be spoken with over TLS"),
    "a machine's own authorities": ({"ca_file": None}, UsageError, "cannot be spoken with over TLS"),
    "no authority at all": ({"ca_file": "loader.key.pem"}, UsageError, "CA_FILE"),
    "no TLS": (
        {"ca_file": None, "security_protocol": "SASL_PLAINTEXT"},
        JobError,
        "check username, password and mechanism, and LAKEHOUSE_",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_keeps_tls_from_being_spoken_is_told(what: str, secured: Secured) -> None:
    said, kind, told = REFUSED[what]
    file = said.get("ca_file")
    with pytest.raises(LakehouseError) as caught:
        described(by_password(secured, **{**said, "ca_file": file and secured.folder / file}), TOPIC)
    assert (type(caught.value), told in str(caught.value)) == (kind, True), caught.value


def test_no_certificate_where_one_is_wanted_is_told(secured: Secured) -> None:
    with pytest.raises(LakehouseError, match=r"cannot be spoken with over TLS|does not answer as a broker"):
        described(by_certificate(secured, certificate_file=None, key_file=None), TOPIC)


def test_a_port_that_wants_tls_is_not_spoken_to_without_it_for_long(secured: Secured) -> None:
    with pytest.raises(JobError, match="does not answer as a broker of Kafka"):
        described(settings_of(secured, bootstrap_servers=secured.mutual, ca_file=None), TOPIC)


def test_who_may_not_know_of_a_topic_is_told(secured: Secured) -> None:
    with pytest.raises(JobError, match="this user may not know of topic guarded: have DESCRIBE granted on it"):
        told_of_broker(by_password(secured, user="stranger"))
    with pytest.raises(JobError, match="this user may not read topic guarded: have READ granted on it"):
        told_of_broker(by_password(secured, user="reader"))
    with pytest.raises(JobError, match="refuses: "):
        ensured(by_password(secured, user="reader"), TOPIC, 3)


def test_the_options_that_are_tried_here_have_the_password(secured: Secured) -> None:
    assert client_options(by_password(secured))["sasl_plain_password"] == PASSWORD
