"""Events of a topic into bronze: every committed one once with its bytes, and nothing of an aborted transaction."""

from pathlib import Path

import pytest

from lakehouse.runtime.lake import Lake
from tests.spark.streams.landed import all_landed, gaps_accounted_for
from tests.unit.calls import Command

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("spark")]

SHARES = ("--garbage", 0.05, "--duplicates", 0.1, "--late", 0.1, "--corrections", 0.2, "--deletes", 0.1)


@pytest.mark.parametrize("events", [20_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_every_committed_event_is_landed_once_as_it_came(
    events: int, lake: Lake, served: Path, topic: str, oracle: Path, lakehouse: Command
) -> None:
    made = lakehouse("produce", "--events", events, "--partitions", 3, "--abort", 0.2, *SHARES, "--oracle", oracle)
    assert made.code == 0
    done = lakehouse("stream", "bronze", "--once", "--most", events // 3)
    assert done.code == 0, done.err
    count = all_landed(lake, served, topic, oracle)
    assert gaps_accounted_for(lake, served, topic) == events - count > 0
    assert f"topic {topic}: {count:,} event(s) landed in ".replace(",", " ") in done.out
    assert "0 event(s) landed in 0 batch(es)" in lakehouse("stream", "bronze", "--once").out
