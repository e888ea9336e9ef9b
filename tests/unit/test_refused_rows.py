"""What a store refuses while delta-rs reads rows is a sentence, without the token that the store says back."""

import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from lakehouse.errors import JobError
from lakehouse.ops import asking, tables
from lakehouse.runtime.lake import Lake, open_lake
from scripts.s3_server import environment
from tests.unit.faulty_s3 import Faulty, Handler
from tests.unit.lease_processes import BUCKET

EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>It has expired.</Message><Token-0>canary</Token-0></Error>"
RUN = {"run_id": "1", "command": "run", "status": "done", "started_at": datetime(2024, 5, 1, tzinfo=UTC)}


def refusing_rows(handler: Handler) -> None:
    """Files of rows are refused, all else is passed on."""
    if handler.command == "GET" and ".parquet" in handler.path:
        handler.send(403, {"content-type": "application/xml"}, EXPIRED)
    else:
        handler.send(*handler.passed_on())


@pytest.mark.parametrize("under_a_lease", [False, True])
@pytest.mark.parametrize(
    "read",
    [
        lambda lake: tables.read(lake, "ops.runs"),
        lambda lake: tables.count_by(lake, "ops.runs", "status"),
        lambda lake: tables.has_rows(lake, "ops.runs", "status = 'done'"),
        lambda lake: asking.ask(lake, "ops.runs", "SELECT max(started_at) FROM t WHERE status > 'a'"),
        lambda lake: tables.upsert(lake, "ops.runs", [RUN]),
    ],
    ids=["read", "count_by", "has_rows", "ask", "upsert"],
)
def test_rows_that_the_store_refuses(
    store: Any,
    prefix: str,
    faulty: Faulty,
    home: None,
    monkeypatch: pytest.MonkeyPatch,
    read: Callable[[Lake], object],
    under_a_lease: bool,
) -> None:
    for name, value in environment(faulty.url, BUCKET).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LAKEHOUSE_STORAGE__PREFIX", prefix.rstrip("/"))
    lake = open_lake("local")
    tables.upsert(lake, "ops.runs", [RUN])
    faulty.begin(always=refusing_rows)

    def refused() -> None:
        with pytest.raises(JobError, match="the store refused a request at s3a://") as error:
            read(lake)
        assert "canary" not in "".join(traceback.format_exception(error.value))

    if under_a_lease:
        with lake.lease("ops.runs"):
            refused()
    else:
        refused()
