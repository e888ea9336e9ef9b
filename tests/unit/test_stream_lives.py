"""The job around its query, without Spark: how long it waits for whom."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.streams.bronze import EVENTS, job
from lakehouse.streams.bronze.faults import AwayError
from lakehouse.streams.bronze.job import Wanted, land_events
from lakehouse.streams.bronze.query import Pace
from lakehouse.streams.bronze.sink import Landed

WANTED = Wanted(topic="sales", pace=Pace(every=10.0, most=1_000), patience=60.0)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path / "home"))
    return open_lake("local")


def lives(monkeypatch: pytest.MonkeyPatch, lasting: list[float]) -> int:
    """How many lives there are where each fails after so many seconds, without an event."""
    now, begun = [0.0], [0]

    def life(_: object) -> None:
        now[0] += lasting[begun[0]]
        begun[0] += 1
        raise AwayError("gone")

    monkeypatch.setattr(job, "_life", life)
    monkeypatch.setattr(job, "monotonic", lambda: now[0])
    monkeypatch.setattr(job, "PAUSE_SECONDS", 0.0)
    of_job: Any = SimpleNamespace(stop=threading.Event(), landed=Landed(topic="sales"), wanted=WANTED, say=print)
    with pytest.raises(AwayError):
        job._lives(of_job)
    return begun[0]


def test_brokers_that_fail_again_after_a_long_time_without_events_have_all_of_the_patience_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert lives(monkeypatch, [1, 30, 30, 30]) == 3
    assert lives(monkeypatch, [1, 30, 7_200, 30, 30, 30]) == 5


def test_who_waits_for_another_job_ends_when_it_is_asked_to(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "offsets_of", lambda *_: None)
    stop, said = threading.Event(), list[str]()
    threading.Timer(0.3, stop.set).start()
    with lake.lease(EVENTS):
        land_events(lambda: pytest.fail("Spark was started"), lake, WANTED, Landed(topic="sales"), stop=stop,
                    say=said.append)  # fmt: skip
    assert len(said) == 1
    assert "which is writing bronze.sales_events" in said[0]
