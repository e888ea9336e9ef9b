"""Job, JVM, producer and broker killed at random, over and over: each committed event is landed once, and none missed.

The processes are those of users, with a broker of their own; this one only kills them, begins them anew, and counts.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake.exceptions import TableNotFoundError

from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.streams import broker
from lakehouse.streams.bronze import EVENTS
from tests.kafka.producers import running, told
from tests.kills import PATIENCE, command, ended, recorded_jvm
from tests.spark.streams.landed import all_landed

pytestmark = pytest.mark.timeout(3_600)

TOPIC = "sales-events"
KINDS = ("job", "jvm", "producer", "broker")


@pytest.fixture
def served_home(home: Path) -> Iterator[Path]:
    """The home of a lakehouse whose own broker runs."""
    broker.start(str(home))
    yield home
    broker.stop(str(home))


def rows(lake: Lake) -> int:
    """How many events have landed, by Delta's log alone."""
    try:
        added = pa.table(tables.opened(lake, EVENTS).get_add_actions(flatten=True))
    except TableNotFoundError:
        return 0
    return sum(added["num_records"].to_pylist())


@dataclass(kw_only=True)
class Scene:
    """A producer and a job at work; whichever was killed is begun anew."""

    home: Path
    oracle: Path
    lake: Lake
    stack: ExitStack
    begun: int = 0
    job: "subprocess.Popen[str]" = field(init=False)
    producer: "subprocess.Popen[str]" = field(init=False)

    def produce(self) -> None:
        self.begun += 1
        given = ("--events", 0, "--rate", 200, "--abort", 0.1, "--patience", 120, "--seed", self.begun)
        self.producer = self.stack.enter_context(running("--partitions", 3, *given, "--oracle", self.oracle))

    def land(self) -> None:
        given = ("--every", "0.3", "--most", "500", "--patience", "120")
        self.job = self.stack.enter_context(command(self.home, "stream", "bronze", *given))

    def goes_on(self) -> None:
        """Wait until more has landed."""
        known, until = rows(self.lake), time.monotonic() + PATIENCE
        while rows(self.lake) <= known:
            for process in (self.job, self.producer):
                assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.2)

    def kill_job(self) -> None:
        self.job.kill()
        self.land()

    def kill_jvm(self) -> None:
        jvm = recorded_jvm(self.home, EVENTS)
        assert jvm is not None
        os.kill(jvm, signal.SIGKILL)
        _, err = self.job.communicate(timeout=PATIENCE)
        assert (self.job.returncode, "Traceback" in err) == (1, False), err
        assert "Spark's JVM has ended" in err
        self.land()

    def kill_producer(self) -> None:
        self.producer.kill()
        self.producer.wait()
        self.produce()

    def kill_broker(self) -> None:
        there = broker.running(str(self.home))
        assert there is not None
        os.kill(there.pid, signal.SIGKILL)
        broker.start(str(self.home), there.port)

    def end(self) -> None:
        """Stop both as a user does, with what is left in the topic landed."""
        for process, number, code in ((self.producer, signal.SIGINT, 130), (self.job, signal.SIGTERM, 0)):
            process.send_signal(number)
            _, err = process.communicate(timeout=PATIENCE)
            assert process.returncode == code, err
        done = ended(self.home, "stream", "bronze", "--once")
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kills", [4, pytest.param(24, marks=pytest.mark.soak)])
def test_whatever_is_killed_each_committed_event_is_landed_once(kills: int, served_home: Path, oracle: Path) -> None:
    chance = random.Random(kills)
    kinds = [*KINDS] * (kills // len(KINDS))
    chance.shuffle(kinds)
    with ExitStack() as stack:
        scene = Scene(home=served_home, oracle=oracle, lake=open_lake("local"), stack=stack)
        scene.produce()
        time.sleep(3)  # the topic is made
        scene.land()
        for kind in kinds:
            scene.goes_on()
            time.sleep(chance.random() * 3)
            getattr(scene, f"kill_{kind}")()
        scene.goes_on()
        scene.end()
    assert told(oracle, "unknown") == {}
    assert all_landed(scene.lake, served_home, TOPIC, oracle) > 200 * kills
