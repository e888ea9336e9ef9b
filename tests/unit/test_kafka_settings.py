"""The settings of Kafka: what follows from what is said, and what contradicts itself; no secret is repeated."""

import os
from pathlib import Path

import pytest

from lakehouse.errors import UsageError
from lakehouse.runtime.kafka_settings import KafkaSettings
from lakehouse.runtime.settings import checked_settings, load_settings
from tests.unit.wrong_kafka import SECRET, WRONG

HERE, THERE = "127.0.0.1:9092", "b1.example.com:9093"
SIGNED_IN = {"sasl_mechanism": "SCRAM-SHA-512", "username": "loader", "password_env": "KAFKA_PASSWORD"}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.upper().startswith("LAKEHOUSE_")]:
        monkeypatch.delenv(name)


def test_without_a_word_the_broker_of_this_lakehouse_is_meant() -> None:
    kafka = load_settings("local").kafka
    assert (kafka.is_local, kafka.topic, kafka.port, kafka.protocol) == (True, "sales-events", None, "PLAINTEXT")


@pytest.mark.parametrize(
    "said, protocol",
    [
        ({"bootstrap_servers": HERE}, "PLAINTEXT"),
        ({"bootstrap_servers": "localhost:9092,[::1]:9092,127.8.9.1:1"}, "PLAINTEXT"),
        ({"bootstrap_servers": THERE}, "SSL"),
        ({"bootstrap_servers": f"{HERE},{THERE}"}, "SSL"),
        ({"bootstrap_servers": "[2001:db8::1]:9093"}, "SSL"),
        ({"bootstrap_servers": "127.0.0.1.example.com:9093"}, "SSL"),
        ({"bootstrap_servers": HERE, "security_protocol": "SSL"}, "SSL"),
        ({"bootstrap_servers": THERE, "tls": False}, "PLAINTEXT"),
        ({"bootstrap_servers": THERE, "tls": False, "security_protocol": "PLAINTEXT"}, "PLAINTEXT"),
        ({"bootstrap_servers": HERE, **SIGNED_IN}, "SASL_PLAINTEXT"),
        ({"bootstrap_servers": THERE, **SIGNED_IN}, "SASL_SSL"),
        ({"bootstrap_servers": THERE, **SIGNED_IN, "tls": False}, "SASL_PLAINTEXT"),
    ],
)
def test_brokers_of_other_machines_are_asked_over_tls_unless_that_is_taken_back(
    said: dict[str, object], protocol: str
) -> None:
    assert KafkaSettings.model_validate(said).protocol == protocol


def test_blanks_between_brokers_do_no_harm() -> None:
    assert KafkaSettings(bootstrap_servers=" b1:1 , b2:2").bootstrap_servers == "b1:1,b2:2"


@pytest.mark.parametrize("topic", ["a", "sales-events", "retail.sales_v2", "...", 249 * "x"])
def test_a_topic_has_a_name_as_kafka_takes_it(topic: str) -> None:
    assert KafkaSettings(topic=topic).topic == topic


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_one_sentence_with_its_variable(
    what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said, place, told = WRONG[what]
    for name, value in said.items():
        monkeypatch.setenv(f"LAKEHOUSE_KAFKA__{name.upper()}", value)
    settings, (finding,) = checked_settings("local", None)
    assert settings is None
    assert SECRET not in finding
    assert finding.startswith("LAKEHOUSE_KAFKA__")
    assert f"LAKEHOUSE_KAFKA__{place.upper()}" in finding.partition(": ")[0].split(", ")
    assert told in finding


def test_all_that_contradicts_itself_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"bootstrap_servers": THERE, "security_protocol": "SASL_PLAINTEXT", "key_file": "/k.pem", "port": "9092"}
    for name, value in said.items():
        monkeypatch.setenv(f"LAKEHOUSE_KAFKA__{name.upper()}", value)
    with pytest.raises(UsageError) as caught:
        load_settings("local")
    (finding,) = str(caught.value).splitlines()[1:]
    assert [
        part
        for part in ("port is of", "others on the network", "how one signs in", "only TLS", "go together")
        if part not in finding
    ] == []
    assert "password" not in finding.lower().replace("password_env", "")


@pytest.mark.parametrize("name", KafkaSettings.model_fields)
def test_a_password_in_the_wrong_place_is_not_repeated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"LAKEHOUSE_KAFKA__{name.upper()}", f"{SECRET}@{SECRET}")
    _, findings = checked_settings("local", None)
    assert findings
    assert SECRET not in str(findings)
