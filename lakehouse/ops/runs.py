"""The log of runs: what was asked for, when, and how it ended.

In: the start and end of a command that writes. Out: rows of `ops.runs`. Guaranteed: a run that fails is
recorded as failed with its error; one that was killed stays `running` and is told apart by its process.
"""

import os
import socket
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from lakehouse.ops import tables
from lakehouse.ops.accounting import Accounting
from lakehouse.runtime.explained import explained
from lakehouse.runtime.lake import Lake

TABLE = "ops.runs"

STREAM = "stream"
"""The command of runs that land events; their source is the topic."""

STREAM_SILVER = "stream silver"
"""That of runs which bring landed events to silver."""

REPLAY = "replay events"

STREAM_RUN = "stream run"
"""That of runs which bring events from Kafka to the warehouse."""


@dataclass(kw_only=True, slots=True)
class Run:
    """One row of `ops.runs`, filled while the run goes on."""

    run_id: str
    command: str
    source: str | None
    status: str = "running"
    error: str | None = None
    batches: int = 0
    rows_in: int = 0
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None

    def refuse(self, files: int) -> None:
        """Note that files were rejected: the run goes on and is done, but not all of it went well."""
        self.error = f"{files} file(s) rejected" if files else None

    def count(self, closed: Sequence[Accounting]) -> None:
        """Add the batches that were closed."""
        self.batches += len(closed)
        self.rows_in += sum(one.rows_in for one in closed)


@contextmanager
def recorded(lake: Lake, command: str, source: str | None) -> Iterator[Run]:
    """Record a run from its start to its end, whatever the end is."""
    started = datetime.now(UTC)
    name = f"{started:%Y%m%dT%H%M%S}-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    run = Run(run_id=name, command=command, source=source, started_at=started)
    _write(lake, run)
    try:
        yield run
    except BaseException as error:
        told = explained(error) if isinstance(error, Exception) else error
        run.status, run.error = "failed", str(told).partition("\n")[0][:500] or type(error).__name__
        run.ended_at = datetime.now(UTC)
        with suppress(Exception):  # a full disk takes no note either, and what went wrong is told by the first error
            _write(lake, run)
        raise
    run.status, run.ended_at = "done", datetime.now(UTC)
    _write(lake, run)


def _write(lake: Lake, run: Run) -> None:
    with lake.lease(TABLE):
        tables.upsert(lake, TABLE, [asdict(run)])
