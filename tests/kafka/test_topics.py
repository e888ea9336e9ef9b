"""Topics of a real broker: made, grown, never shrunk; brokers that are not there; what doctor says of both."""

import json
import subprocess
import sys
from pathlib import Path
from socket import socket

import pytest

from lakehouse.care.doctor import diagnoses
from lakehouse.runtime.settings import load_settings
from lakehouse.streams.broker import running
from lakehouse.streams.topics import described
from tests.kafka.events import put, read
from tests.unit.calls import Command

CLI = [sys.executable, "-m", "lakehouse.cli.main"]
SERVERS = "LAKEHOUSE_KAFKA__BOOTSTRAP_SERVERS"


def address(home: Path) -> str:
    found = running(str(home))
    assert found is not None
    return found.address


def told_of_broker() -> tuple[bool, str]:
    (one,) = [each for each in diagnoses("local") if each.check == "broker"]
    return one.ok, one.told


def test_a_topic_is_made_grown_and_never_shrunk(shared: Path, lakehouse: Command) -> None:
    made = lakehouse("kafka", "topic", "grows", "--partitions", 2)
    assert (made.code, made.out) == (0, "topic grows: 2 partition(s), created\n")
    put(address(shared), "grows", [b"1", b"2", b"3"])
    assert lakehouse("kafka", "topic", "grows").out == "topic grows: 2 partition(s), as before\n"
    assert lakehouse("kafka", "topic", "grows", "--partitions", 2).out.endswith("as before\n")
    assert lakehouse("kafka", "topic", "grows", "--partitions", 5).out == "topic grows: 5 partition(s), grown\n"
    shrunk = lakehouse("kafka", "topic", "grows", "--partitions", 4)
    assert shrunk.code == 2
    assert "topic grows has 5 partition(s) and cannot shrink to 4: Kafka would lose events" in shrunk.sentence
    assert read(address(shared), "grows", 3) == [b"1", b"2", b"3"]


def test_without_a_name_it_is_the_topic_of_the_settings(
    shared: Path, lakehouse: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_KAFKA__TOPIC", "of-settings")
    told = json.loads(lakehouse("kafka", "topic", "--json").out)
    assert told == {"ok": True, "topic": "of-settings", "partitions": 4, "done": "created"}


@pytest.mark.parametrize("name", ["sales events", "..", "verkäufe", 250 * "x", "a/b"])
def test_a_name_that_no_topic_can_have_is_told(name: str, shared: Path, lakehouse: Command) -> None:
    done = lakehouse("kafka", "topic", name)
    assert (done.code, "must be a topic's name" in done.sentence) == (2, True)


def test_two_that_make_one_topic_at_once_both_have_it(shared: Path) -> None:
    words = [*CLI, "kafka", "topic", "at-once", "--partitions", "3"]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [process.communicate(timeout=100) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    topic = described(load_settings("local"), "at-once")
    assert topic is not None
    assert topic.partitions == 3


def test_no_topic_is_made_by_asking_for_it_or_by_sending_to_it(shared: Path) -> None:
    from kafka.errors import KafkaError

    assert described(load_settings("local"), "nobody-made-this") is None
    with pytest.raises(KafkaError):
        put(address(shared), "nobody-made-this", [b"1"])
    assert described(load_settings("local"), "nobody-made-this") is None


@pytest.mark.parametrize(
    "servers, told",
    [
        ("127.0.0.1:1", "127.0.0.1:1 does not answer as a broker of Kafka ("),
        ("no-such-host.invalid:9092", "no-such-host.invalid:9092"),
    ],
)
def test_brokers_that_are_not_there_are_told(
    servers: str, told: str, home: Path, lakehouse: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.streams.asking.ANSWER_SECONDS", 1.0)
    monkeypatch.setenv(SERVERS, servers)
    done = lakehouse("kafka", "topic")
    assert (done.code, told in done.sentence) == (1, True)
    ok, said = told_of_broker()
    assert (ok, told in said) == (False, True)


def test_what_listens_but_is_no_broker_is_told(home: Path, lakehouse: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse.streams.asking.ANSWER_SECONDS", 1.0)
    with socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv(SERVERS, f"127.0.0.1:{other.getsockname()[1]}")
        done = lakehouse("kafka", "topic")
    assert (done.code, "does not answer as a broker of Kafka" in done.sentence) == (1, True)


def test_doctor_tells_of_a_broker_here_and_its_topic(
    shared: Path, lakehouse: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_KAFKA__TOPIC", "for-doctor")
    ok, told = told_of_broker()
    assert (ok, "there is no topic for-doctor: `lakehouse kafka topic` makes it" in told) == (True, True)
    assert lakehouse("kafka", "topic").code == 0
    ok, told = told_of_broker()
    assert (ok, told.endswith("PLAINTEXT, topic for-doctor of 4 partition(s)")) == (True, True)


def test_doctor_wants_the_topic_of_brokers_that_are_named(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SERVERS, address(shared))
    monkeypatch.setenv("LAKEHOUSE_KAFKA__TOPIC", "elsewhere")
    ok, told = told_of_broker()
    assert (ok, f"{address(shared)} answers, but there is no topic elsewhere" in told) == (False, True)
