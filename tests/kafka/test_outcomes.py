"""What became of a transaction is read from the topic, whoever was not answered."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from lakehouse.streams import broker
from lakehouse.streams.asking import asked
from lakehouse.streams.outcomes import found_out, seen
from lakehouse.streams.transactions import Link, Place, committed, linked, sent
from tests.kafka.conftest import use
from tests.unit.calls import Command
from tests.unit.links import messages

pytestmark = pytest.mark.timeout(120)

ID = "asked-about"


@pytest.fixture
def topic(shared: Path, lakehouse: Command) -> str:
    name = f"sales-{uuid4().hex[:8]}"
    assert lakehouse("kafka", "topic", name, "--partitions", 2).code == 0
    return name


@pytest.fixture
def connection(shared: Path) -> dict[str, list[str]]:
    there = broker.running(str(shared))
    assert there is not None
    return {"bootstrap_servers": [there.address]}


@contextmanager
def open_transaction(connection: dict[str, list[str]], topic: str) -> Iterator[tuple[Link, set[Place]]]:
    """A transaction with messages, neither committed nor aborted, and where they are."""
    with linked(connection, ID, 20.0) as link:
        placed = sent(link, topic, messages(20), 20.0, lambda: False)
        yield link, {(topic, one.partition, one.offset) for one in placed}


def test_one_that_is_committed_is_seen(connection: dict[str, list[str]], topic: str) -> None:
    with open_transaction(connection, topic) as (link, places):
        assert committed(link, 20.0)
    assert len({partition for _, partition, _ in places}) == 2
    assert seen(connection, places, 20.0, 5.0) == "committed"
    assert found_out(connection, ID, places, 20.0) == "committed"


def test_one_that_is_aborted_is_seen(connection: dict[str, list[str]], topic: str) -> None:
    with open_transaction(connection, topic) as (link, places):
        link.abort_transaction()
    assert seen(connection, places, 20.0, 5.0) == "aborted"


def test_one_that_is_open_is_ended(connection: dict[str, list[str]], topic: str) -> None:
    with open_transaction(connection, topic) as (link, places):
        assert seen(connection, places, 20.0, 0.5) == "open"
        assert found_out(connection, ID, places, 20.0) == "aborted"
        assert not committed(link, 5.0)


def test_of_one_that_is_deleted_nobody_knows(connection: dict[str, list[str]], topic: str) -> None:
    from kafka import TopicPartition

    with open_transaction(connection, topic) as (link, places):
        assert committed(link, 20.0)
    with asked(connection) as client:
        client.delete_records({TopicPartition(topic, number): -1 for number in range(2)})
    assert seen(connection, places, 20.0, 5.0) == "unknown"


def test_where_no_broker_answers_it_is_unknown_in_bounded_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(tmp_path, monkeypatch)
    began = time.monotonic()
    assert found_out({"bootstrap_servers": ["127.0.0.1:1"]}, ID, {("sales", 0, 0)}, 2.0) == "unknown"
    assert time.monotonic() - began < 10
