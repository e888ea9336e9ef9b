"""From Kafka to the warehouse under kills: job, JVM, producer and broker at random, a topic that grows, files between.

Whatever happens, silver and gold are what an oracle in plain Python makes of the producers' own record and the files:
equal digests; each committed event is in the books once. The figures are printed.
"""

import random
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from lakehouse.care.verify import digests
from lakehouse.ops import accounting
from lakehouse.ops.accounting import DONE, EVENTS
from lakehouse.ops.spark import session_for
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample import SampleFile, write_sample
from tests.kafka.producers import read
from tests.kills import ended
from tests.oracle.csv_sources import read_csv
from tests.oracle.digest import digest
from tests.oracle.gold import digests_of
from tests.oracle.silver import State, Statement, silver_of
from tests.spark.streams.landed import all_landed, stated
from tests.spark.streams.scene import KINDS, Scene

pytestmark = pytest.mark.timeout(3_600)

TOPIC, ROWS = "sales-events", 2_000
FOLLOWING = ("stream", "run", "--every", "1", "--most", "3000", "--gold-every", "30", "--patience", "120")
SHARES = (
    *("--duplicates", 0.2, "--late", 0.1, "--corrections", 0.2, "--deletes", 0.05, "--garbage", 0.01),
    *("--sample-rows", ROWS),
)


def processed(lake: Lake) -> int:
    return sum(one.rows_in for one in accounting.read(lake, kind=EVENTS) if one.status == DONE)


def state_of(events: list[Statement | None], files: list[SampleFile]) -> State:
    """What silver must be."""
    said: list[Statement] = []
    for file in files:
        said += [one for _, one in read_csv("superstore", file.path.read_bytes(), "utf-8", ",", file.as_of).statements]
    return silver_of([*said, *(one for one in events if one is not None)])


@pytest.mark.parametrize("kills", [4, pytest.param(24, marks=pytest.mark.soak)])
def test_silver_and_gold_are_the_oracles_whatever_is_killed(
    kills: int, served_home: Path, oracle: Path, tmp_path: Path
) -> None:
    chance = random.Random(f"chaos/{kills}")
    kinds = [*KINDS] * (kills // len(KINDS))
    chance.shuffle(kinds)
    files, begun, lake = write_sample(tmp_path / "files", rows=ROWS), time.monotonic(), open_lake("local")
    with ExitStack() as stack:
        scene = Scene(
            home=served_home, oracle=oracle, lake=lake, stack=stack, job_words=FOLLOWING, progress=processed,
            shares=SHARES,
        )  # fmt: skip
        scene.produce()
        time.sleep(3)  # the topic is made
        scene.work()
        for number, kind in enumerate(kinds):
            scene.goes_on()
            time.sleep(chance.random() * 3)
            scene.kill(kind)
            if number == 1:
                assert ended(served_home, "kafka", "topic", TOPIC, "--partitions", "6").returncode == 0
            if number < len(files):  # the third one's as-of is before the second one's
                words = ("run", "--source", "superstore", "--to", "silver", str(files[number].path))
                assert ended(served_home, *words).returncode == 0
        scene.goes_on()
        scene.end("stream", "run", "--once")
    landed = all_landed(lake, served_home, TOPIC, oracle)
    events = stated(read(served_home, TOPIC).values())
    state, garbage = state_of(events, files), events.count(None)
    books = [one for one in accounting.read(lake, kind=EVENTS) if one.topic == TOPIC]
    assert {one.status for one in books} == {DONE}
    assert sum(one.rows_in for one in books) == landed
    assert sum(one.classes["quarantined"] for one in books) == garbage > 0
    found = digests(lambda: session_for(lake), lake)
    silver = found.pop("silver.sales")
    assert (silver.rows, silver.sum) == digest(state)
    assert {name: str(one) for name, one in found.items()} == digests_of(state)
    print(f"{Counter(kinds)} killed in {time.monotonic() - begun:.0f} s, {landed} events, {garbage} of them garbage")
    print(f"silver {silver}, gold {found}")
    verified = ended(served_home, "verify", *(["--rebuild"] if kills > 4 else []))
    assert verified.returncode == 0, verified.stdout
