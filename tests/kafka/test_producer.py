"""`lakehouse produce` against a real broker: what it says is committed is what a reader of committed events sees."""

import json
import signal
from pathlib import Path
from uuid import uuid4

import pytest

from tests.kafka.producers import await_lines, ended, read, running, told
from tests.unit.calls import Command

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def topic() -> str:
    """A topic of this test's own, not made yet."""
    return f"sales-{uuid4().hex[:8]}"


@pytest.fixture
def oracle(tmp_path: Path) -> Path:
    return tmp_path / "oracle.jsonl"


def test_the_topic_holds_what_the_oracle_tells(shared: Path, lakehouse: Command, topic: str, oracle: Path) -> None:
    done = lakehouse(
        "produce",
        "--topic",
        topic,
        "--partitions",
        3,
        "--events",
        1_500,
        "--garbage",
        0.1,
        "--oracle",
        oracle,
        "--json",
    )
    assert done.code == 0
    document = json.loads(done.out)
    assert (document["committed"], document["aborted"], document["unknown"]) == (1_500, 0, 0)
    assert document["transactions"] == {"committed": 15, "aborted": 0, "unknown": 0}
    found = read(shared, topic)
    assert found == told(oracle)
    assert len(found) == 1_500
    assert {partition for partition, _ in found} == {0, 1, 2}
    assert sum(document["kinds"].values()) == 1_500
    assert sum(name.startswith("garbage_") for name in document["kinds"]) > 30
    assert f"topic {topic} with 3 partition(s)" in done.err


def test_all_events_about_a_line_are_in_one_partition(shared: Path, lakehouse: Command, topic: str) -> None:
    assert lakehouse("produce", "--topic", topic, "--partitions", 3, "--corrections", 0.7).code == 0
    places: dict[bytes, set[int]] = {}
    for (partition, _), message in read(shared, topic).items():
        places.setdefault(message.key, set()).add(partition)
    assert all(len(partitions) == 1 for partitions in places.values())


def test_aborted_transactions_are_seen_by_readers_of_uncommitted_events_alone(
    shared: Path, lakehouse: Command, topic: str, oracle: Path
) -> None:
    done = lakehouse("produce", "--topic", topic, "--partitions", 2, "--transaction-size", 50, "--abort", 0.4,
                     "--oracle", oracle)  # fmt: skip
    assert done.code == 0
    committed, all_of_them = read(shared, topic), read(shared, topic, committed=False)
    assert committed == told(oracle)
    assert committed.items() < all_of_them.items()
    assert len(all_of_them) == 1_000
    assert f"{1_000 - len(committed)} aborted" in done.out


def test_the_same_seed_and_moment_give_the_same_bytes(shared: Path, lakehouse: Command, topic: str) -> None:
    for name in (topic, f"{topic}-again"):
        given = ["--topic", name, "--partitions", 1, "--events", 300, "--now", "2024-06-03T06:00:00Z"]
        assert lakehouse("produce", *given).code == 0
    one, other = ([(m.key, m.value) for m in read(shared, name).values()] for name in (topic, f"{topic}-again"))
    assert one == other


def test_no_event_is_ahead_of_its_message_but_one_kind_of_garbage(
    shared: Path, lakehouse: Command, topic: str, oracle: Path
) -> None:
    from datetime import datetime

    assert lakehouse("produce", "--topic", topic, "--partitions", 1, "--oracle", oracle).code == 0
    for text in oracle.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if not line["kind"].startswith("garbage_"):
            said = datetime.fromisoformat(json.loads(line["value"])["event_time"]).timestamp()
            assert said <= line["timestamp_ms"] / 1_000 + 0.002


def test_an_oracle_goes_on_where_another_producer_left_it(
    shared: Path, lakehouse: Command, topic: str, oracle: Path
) -> None:
    for seed in (1, 2):
        assert lakehouse("produce", "--topic", topic, "--partitions", 2, "--events", 150, "--seed", seed,
                         "--oracle", oracle).code == 0  # fmt: skip
    assert read(shared, topic) == told(oracle)
    assert len(told(oracle)) == 300


def test_a_topic_that_is_missing_is_told_with_what_to_do(shared: Path, lakehouse: Command, topic: str) -> None:
    done = lakehouse("produce", "--topic", topic)
    assert (done.code, done.sentence) == (
        2,
        f"there is no topic '{topic}': check the name, or make it with lakehouse kafka topic or --partitions N",
    )


def test_a_topic_that_is_there_keeps_its_partitions(shared: Path, lakehouse: Command, topic: str) -> None:
    assert lakehouse("kafka", "topic", topic, "--partitions", 2).code == 0
    done = lakehouse("produce", "--topic", topic, "--partitions", 5, "--events", 10)
    assert done.code == 0
    assert f"topic {topic} with 2 partition(s)" in done.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_it_with_its_code_after_telling_what_is_committed(
    shared: Path, topic: str, oracle: Path, number: signal.Signals
) -> None:
    with running("--topic", topic, "--partitions", 2, "--events", 0, "--oracle", oracle) as process:
        await_lines(process, oracle, 500)
        process.send_signal(number)
        code, out, _ = ended(process)
    assert code == 128 + number
    assert out.startswith("stopped: ")
    assert read(shared, topic) == told(oracle)


def test_a_rate_is_kept(shared: Path, lakehouse: Command, topic: str) -> None:
    done = lakehouse("produce", "--topic", topic, "--partitions", 1, "--events", 60, "--rate", 30, "--interval", 0.5,
                     "--json")  # fmt: skip
    document = json.loads(done.out)
    assert document["transactions"]["committed"] == 4
    assert 1.5 <= document["seconds"] < 10


def test_a_second_producer_of_the_same_id_ends_the_first(
    shared: Path, topic: str, lakehouse: Command, oracle: Path
) -> None:
    with running("--topic", topic, "--partitions", 1, "--events", 0, "--rate", 100, "--oracle", oracle) as first:
        await_lines(first, oracle, 100)
        assert lakehouse("produce", "--topic", topic, "--events", 10).code == 0
        code, _, err = ended(first)
    assert code == 1
    assert "error: another producer with the same --transactional-id has begun" in err or "unknown" in err
    assert told(oracle).items() <= read(shared, topic).items()


def test_two_producers_with_ids_of_their_own_go_on_side_by_side(
    shared: Path, topic: str, lakehouse: Command, tmp_path: Path
) -> None:
    mine, its = tmp_path / "mine.jsonl", tmp_path / "its.jsonl"
    given = ("--topic", topic, "--partitions", 2)
    with running(*given, "--events", 300, "--transactional-id", "other", "--oracle", its) as other:
        await_lines(other, its, 0)
        assert lakehouse("produce", *given, "--events", 300, "--oracle", mine).code == 0
        assert ended(other)[0] == 0
    assert read(shared, topic) == told(mine) | told(its)
    assert len(told(mine) | told(its)) == 600
