"""What keeps events from landing is told in one sentence with an exit code, and does no damage; and a clean end."""

import json
import shutil
import signal
import time
from pathlib import Path

import pytest

from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.streams.bronze import EVENTS
from tests.kills import PATIENCE, command
from tests.small_disk import small_disk
from tests.spark.streams.conftest import SERVERS
from tests.spark.streams.landed import all_landed, landed
from tests.unit.calls import Command

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("spark")]


def test_a_topic_that_is_missing_is_told(lake: Lake, topic: str, lakehouse: Command) -> None:
    for word in ("bronze", "status"):
        done = lakehouse("stream", word)
        assert done.code == 2
        assert done.sentence == (
            f"there is no topic '{topic}': check the name, or make it with lakehouse kafka topic {topic}"
        )
    assert not lake.has_table(EVENTS)


def test_an_address_at_which_no_broker_is_is_told(
    topic: str, lakehouse: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SERVERS, "127.0.0.1:1")
    monkeypatch.setattr("lakehouse.streams.asking.ANSWER_SECONDS", 2.0)
    for word in ("bronze", "status"):
        done = lakehouse("stream", word)
        assert done.code == 1
        assert "127.0.0.1:1 does not answer as a broker of Kafka" in done.sentence


def test_who_comes_while_another_lands_is_told(lake: Lake, topic: str, lakehouse: Command) -> None:
    assert lakehouse("kafka", "topic", topic).code == 0
    with lake.lease(EVENTS):
        done = lakehouse("stream", "bronze", "--once", "--no-wait")
    assert (done.code, f"{EVENTS} is being written by process" in done.sentence) == (1, True)


def test_a_full_disk_is_told_and_with_room_it_goes_on(
    tmp_path: Path, served: Path, topic: str, oracle: Path, lakehouse: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lakehouse("produce", "--events", 3_000, "--partitions", 3, "--oracle", oracle).code == 0
    with small_disk(tmp_path / "disk", 8_000_000) as disk:
        monkeypatch.setenv("LAKEHOUSE_HOME", str(disk / "home"))
        lake = open_lake("local")
        assert lakehouse("stream", "bronze", "--once", "--most", 1_000).code == 0
        assert lakehouse("produce", "--events", 3_000, "--seed", 8, "--oracle", oracle).code == 0
        with (disk / "ballast").open("wb") as ballast:
            ballast.write(bytes(shutil.disk_usage(disk).free - 100_000))
        before = landed(lake, topic)
        done = lakehouse("stream", "bronze", "--once")
        assert done.code == 1
        assert done.sentence.splitlines()[-1].startswith("error: there is no space left on the disk: make room")
        assert before.items() <= landed(lake, topic).items()
        (disk / "ballast").unlink()
        assert lakehouse("stream", "bronze", "--once").code == 0
        assert all_landed(lake, served, topic, oracle) == 6_000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_it_after_the_batch_under_way(
    number: signal.Signals, lake: Lake, home: Path, topic: str, oracle: Path, lakehouse: Command
) -> None:
    assert lakehouse("produce", "--events", 3_000, "--partitions", 3, "--oracle", oracle).code == 0
    with command(home, "stream", "bronze", "--every", "0.1", "--most", "100", "--json") as job:
        until = time.monotonic() + PATIENCE
        while not landed(lake, topic):
            assert job.poll() is None, job.communicate()
            assert time.monotonic() < until
        job.send_signal(number)
        out, err = job.communicate(timeout=PATIENCE)
    assert job.returncode == 0, err
    told = json.loads(out)
    assert told["stopped"]
    assert told["rows"] == len(landed(lake, topic)) < 3_000
    assert not list((home / "streams" / "bronze").glob("*"))
    assert (home / "leases" / f"{EVENTS}.lock").read_text() == ""


def test_status_tells_how_far_it_is(lake: Lake, topic: str, oracle: Path, lakehouse: Command) -> None:
    def status() -> dict[str, object]:
        done = lakehouse("stream", "status", "--json")
        assert done.code == 0, done.err
        found: dict[str, object] = json.loads(done.out)
        return found

    made = ("produce", "--partitions", 2, "--oracle", oracle, "--events")
    assert lakehouse(*made, 1_000).code == 0
    told = status()
    assert (told["behind"], told["last_batch"], told["run"]) == (1_000, None, None)
    assert told["seconds"] > 0
    assert lakehouse("stream", "bronze", "--once").code == 0
    told = status()
    assert (told["behind"], told["seconds"]) == (0, 0)
    assert told["last_batch"]["rows"] == 1_000
    assert (told["silver"]["processed"], told["silver"]["behind"], told["refusal"]) == (0, 1_000, None)
    assert told["silver"]["seconds"] > 0
    assert told["events_per_second"] == {"1 min": round(1_000 / 60, 1), "10 min": round(1_000 / 600, 1)}
    assert (told["run"]["status"], told["last_error"]) == ("done", None)
    assert lakehouse(*made, 5_000, "--abort", 0.5).code == 0
    committed = oracle.read_bytes().count(b"\n") - 1_000
    told = status()
    assert committed <= told["behind"] < committed + 5_000
    assert [one["exact"] for one in told["partitions"]] in ([True, True], [False, False], [True, False], [False, True])
    assert "event(s) behind in bronze, " in lakehouse("stream", "status").out
