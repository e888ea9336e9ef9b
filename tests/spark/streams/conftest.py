"""What tests of the stream share: one broker, and for each test a lakehouse and a topic of its own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.streams import broker
from tests.kafka.conftest import lakehouse, served

__all__ = ["lakehouse", "served"]

SERVERS, TOPIC = "LAKEHOUSE_KAFKA__BOOTSTRAP_SERVERS", "LAKEHOUSE_KAFKA__TOPIC"


@pytest.fixture
def topic(served: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A topic of this test's own, not made yet, of which the test's lakehouse knows."""
    there = broker.running(str(served))
    assert there is not None
    name = f"sales-{uuid4().hex[:8]}"
    monkeypatch.setenv(SERVERS, there.address)
    monkeypatch.setenv(TOPIC, name)
    return name


@pytest.fixture
def lake(home: Path, topic: str) -> Lake:
    """A lakehouse without data that knows the broker and the topic."""
    return open_lake("local")


@pytest.fixture
def oracle(tmp_path: Path) -> Path:
    """Where producers of this test tell what is committed."""
    return tmp_path / "oracle.jsonl"


@pytest.fixture
def served_home(home: Path) -> Iterator[Path]:
    """The home of a lakehouse whose own broker runs."""
    broker.start(str(home))
    yield home
    broker.stop(str(home))
