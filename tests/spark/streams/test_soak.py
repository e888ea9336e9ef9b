"""Job, JVM, producer and broker killed at random, over and over: each committed event is landed once, and none missed.

The processes are those of users, with a broker of their own; this one only kills them, begins them anew, and counts.
"""

import random
import time
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake.exceptions import TableNotFoundError

from lakehouse.ops.opening import opened
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.streams.bronze import EVENTS
from tests.kafka.producers import told
from tests.spark.streams.landed import all_landed
from tests.spark.streams.scene import KINDS, Scene

pytestmark = pytest.mark.timeout(3_600)

TOPIC = "sales-events"


def rows(lake: Lake) -> int:
    """How many events have landed, by Delta's log alone."""
    try:
        added = pa.table(opened(lake, EVENTS).get_add_actions(flatten=True))
    except TableNotFoundError:
        return 0
    return sum(added["num_records"].to_pylist())


LANDING = ("stream", "bronze", "--every", "0.3", "--most", "500", "--patience", "120")


@pytest.mark.soak  # `test_chaos.py` kills the same, and asks for silver and gold, too
@pytest.mark.parametrize("kills", [4, 24])
def test_whatever_is_killed_each_committed_event_is_landed_once(kills: int, served_home: Path, oracle: Path) -> None:
    chance = random.Random(kills)
    kinds = [*KINDS] * (kills // len(KINDS))
    chance.shuffle(kinds)
    with ExitStack() as stack:
        scene = Scene(
            home=served_home, oracle=oracle, lake=open_lake("local"), stack=stack, job_words=LANDING, progress=rows
        )
        scene.produce()
        time.sleep(3)  # the topic is made
        scene.work()
        for kind in kinds:
            scene.goes_on()
            time.sleep(chance.random() * 3)
            scene.kill(kind)
        scene.goes_on()
        scene.end("stream", "bronze", "--once")
    assert told(oracle, "unknown") == {}
    assert all_landed(scene.lake, served_home, TOPIC, oracle) > 200 * kills
