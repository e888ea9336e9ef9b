"""A producer in a process of its own, and what it has put into a topic, by those who read it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from lakehouse.streams import broker
from lakehouse.streams.asking import quiet

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60


class Found(NamedTuple):
    """A message of a topic."""

    key: bytes
    value: bytes | None
    timestamp_ms: int


Place = tuple[int, int]


def read(home: Path, topic: str, *, committed: bool = True) -> dict[Place, Found]:
    """Every message of a topic by partition and offset, up to its end now."""
    quiet()
    from kafka import KafkaConsumer, TopicPartition

    there = broker.running(str(home))
    assert there is not None
    level = "read_committed" if committed else "read_uncommitted"
    consumer = KafkaConsumer(bootstrap_servers=there.address, isolation_level=level, auto_offset_reset="earliest")
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    ends = consumer.end_offsets(partitions)
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    found: dict[Place, Found] = {}
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        for partition, records in consumer.poll(timeout_ms=200).items():
            for one in records:
                found[partition.partition, one.offset] = Found(one.key, one.value, one.timestamp)
    consumer.close()
    return found


def told(oracle: Path, outcome: str = "committed") -> dict[Place, Found]:
    """What an oracle says of messages with an outcome, in the form of `read`."""
    import base64

    found: dict[Place, Found] = {}
    for text in oracle.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if line["outcome"] == outcome:
            coded = line.get("value_base64")
            value = base64.b64decode(coded) if coded else line["value"]
            place = (line["partition"], line["offset"])
            assert place not in found
            found[place] = Found(
                line["key"].encode(), value.encode() if isinstance(value, str) else value, line["timestamp_ms"]
            )
    return found


@contextmanager
def running(*options: object) -> Iterator["subprocess.Popen[str]"]:
    """The producer's own script, in the home that is in use; killed at the end, where it still runs."""
    words = [sys.executable, "-m", "streaming.sales_event_producer", *map(str, options)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def await_lines(process: "subprocess.Popen[str]", oracle: Path, more_than: int) -> None:
    """Wait until so many messages are told as committed."""
    import time

    until = time.monotonic() + SECONDS
    while not oracle.exists() or oracle.read_bytes().count(b"\n") <= more_than:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)


def ended(process: "subprocess.Popen[str]") -> tuple[Any, str, str]:
    """Exit code, what it printed, and what it said."""
    out, err = process.communicate(timeout=SECONDS)
    assert "Traceback" not in out + err
    return process.returncode, out, err
