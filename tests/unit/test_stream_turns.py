"""Between two batches silver's lease is free for whoever waits, however late the job is."""

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lakehouse.streams.pace import Pace
from lakehouse.streams.silver import job as module
from lakehouse.streams.silver.job import Job, Processed, process_events

TURN = 0.3


class Stop(threading.Event):
    """Notes how long is waited, without waiting, and is set after a few times."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        if len(self.waits) == 3:
            self.set()
        return self.is_set()


@pytest.mark.parametrize(
    "took, more, waits", [(0.25, False, 9.75), (9.9, False, TURN), (60.0, False, TURN), (0.25, True, TURN)]
)
def test_others_have_their_turn(took: float, more: bool, waits: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(took * place for place in range(100))
    monkeypatch.setattr(module, "monotonic", lambda: next(clock))
    monkeypatch.setattr(module, "_is_work", lambda job: True)
    monkeypatch.setattr(module, "_take", lambda job: more)
    lake, stop = cast(Any, SimpleNamespace(store=SimpleNamespace(turn_seconds=TURN))), Stop()
    pace = Pace(every=10.0, most=10)
    process_events(
        Job(session=lambda: cast(Any, None), lake=lake, topic="t", pace=pace, done=Processed(topic="t"), stop=stop)
    )
    assert stop.waits == pytest.approx([waits] * 3)
