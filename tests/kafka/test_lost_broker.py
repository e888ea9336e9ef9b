"""A broker that is killed, frozen or gone while events are sent, a producer that is killed: nothing wrong is told."""

import os
import signal
import time
from pathlib import Path

import pytest

from lakehouse.streams import broker
from tests.kafka.producers import await_lines, ended, read, running, told

pytestmark = pytest.mark.timeout(300)

TOPIC = "sales-events"
MANY = ("--partitions", 2, "--events", 0, "--transaction-size", 20, "--oracle")


@pytest.fixture
def oracle(tmp_path: Path) -> Path:
    return tmp_path / "oracle.jsonl"


@pytest.fixture
def there(home: Path) -> broker.Broker:
    """A broker of this test's own."""
    return broker.start(str(home))[0]


def test_a_broker_that_comes_back_is_waited_for(home: Path, there: broker.Broker, oracle: Path) -> None:
    with running(*MANY, oracle, "--rate", 400) as process:
        await_lines(process, oracle, 100)
        os.kill(there.pid, signal.SIGKILL)
        time.sleep(1)
        broker.start(str(home), there.port)
        await_lines(process, oracle, oracle.read_bytes().count(b"\n") + 100)
        process.send_signal(signal.SIGINT)
        code, _, _ = ended(process)
    assert code == 130
    assert told(oracle, "unknown") == {}
    assert read(home, TOPIC) == told(oracle)


def test_a_broker_that_stays_away_is_given_up_with_a_sentence(home: Path, there: broker.Broker, oracle: Path) -> None:
    with running(*MANY, oracle, "--patience", 3) as process:
        await_lines(process, oracle, 100)
        broker.stop(str(home))
        began = time.monotonic()
        code, out, err = ended(process)
    assert code == 1
    assert time.monotonic() - began < 25
    assert f"{there.address} has not answered for 3 s" in err or "whether the last transaction is committed" in err
    assert "are committed" in err + out
    broker.start(str(home))
    committed = told(oracle)
    assert committed.items() <= read(home, TOPIC).items() <= (committed | told(oracle, "unknown")).items()


@pytest.mark.parametrize("attempt", range(3))
def test_a_broker_that_is_frozen_at_any_moment_makes_nobody_tell_what_is_wrong(
    home: Path, there: broker.Broker, oracle: Path, attempt: int
) -> None:
    with running(*MANY, oracle, "--patience", 2) as process:
        await_lines(process, oracle, 200 + 7 * attempt)
        os.kill(there.pid, signal.SIGSTOP)
        try:
            code, _, _ = ended(process)
        finally:
            os.kill(there.pid, signal.SIGCONT)
    assert code == 1
    with running("--events", 10) as process:  # ends what the other one left open
        assert ended(process)[0] == 0
    committed = told(oracle)
    of_both = {
        place: found for place, found in read(home, TOPIC).items() if place in committed | told(oracle, "unknown")
    }
    assert committed.items() <= of_both.items()
    assert len(read(home, TOPIC)) == len(of_both) + 10


def test_who_is_asked_to_stop_does_not_wait_for_a_frozen_broker(home: Path, there: broker.Broker, oracle: Path) -> None:
    with running(*MANY, oracle) as process:
        await_lines(process, oracle, 100)
        os.kill(there.pid, signal.SIGSTOP)
        try:
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)  # in case that it waits for a commit
            code, _, _ = ended(process)
        finally:
            os.kill(there.pid, signal.SIGCONT)
    assert code == 130
    assert time.monotonic() - began < 25
    with running("--events", 10) as process:
        assert ended(process)[0] == 0
    assert told(oracle).items() <= read(home, TOPIC).items()


def test_producers_killed_again_and_again_leave_an_oracle_that_is_right(
    home: Path, there: broker.Broker, oracle: Path
) -> None:
    for round_ in range(5):
        with running(*MANY, oracle, "--seed", round_) as process:
            lines = oracle.read_bytes().count(b"\n") if oracle.exists() else 0
            await_lines(process, oracle, lines + 40 + 13 * round_)
            process.kill()
    with running("--events", 20, "--transaction-size", 20, "--seed", 99, "--oracle", oracle) as process:
        assert ended(process)[0] == 0
    assert told(oracle, "unknown") == {}
    assert read(home, TOPIC) == told(oracle)
    assert not told(oracle, "aborted").keys() & told(oracle).keys()


@pytest.mark.parametrize("attempt", range(3))
def test_what_became_of_a_commit_without_an_answer_is_found_out(
    home: Path, there: broker.Broker, oracle: Path, attempt: int
) -> None:
    with running(*MANY, oracle, "--patience", 6) as process:
        await_lines(process, oracle, 200 + 7 * attempt)
        os.kill(there.pid, signal.SIGSTOP)
        try:
            time.sleep(8)
        finally:
            os.kill(there.pid, signal.SIGCONT)
        code, _, err = ended(process)
    assert code == 1
    assert "as was found out" in err or "has not answered for 6 s" in err
    assert told(oracle, "unknown") == {}
    with running("--events", 10) as process:  # ends what the other one left open
        assert ended(process)[0] == 0
    assert told(oracle).items() <= read(home, TOPIC).items()
    assert len(read(home, TOPIC)) == len(told(oracle)) + 10
