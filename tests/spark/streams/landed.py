"""What has landed, held against those who know: the producers' oracle, and readers of the topic that are not Spark's.

A lakehouse, the home of a broker and a topic flow in; assertions flow out.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
from deltalake import QueryBuilder
from deltalake.exceptions import TableNotFoundError

from lakehouse.ops.opening import opened
from lakehouse.runtime.lake import Lake
from lakehouse.streams.bronze import EVENTS
from tests.kafka.producers import Found, Place, read, told
from tests.oracle.sent_events import statement_of
from tests.oracle.silver import Statement


def landed(lake: Lake, topic: str) -> dict[Place, Found]:
    """The events of a topic in bronze; none of them is there twice."""
    try:
        there = opened(lake, EVENTS)
    except TableNotFoundError:
        return {}
    sql = f'SELECT "partition", "offset", key, value, timestamp FROM events WHERE topic = \'{topic}\''
    rows = pa.table(QueryBuilder().register("events", there).execute(sql)).to_pylist()
    found = {
        (row["partition"], row["offset"]): Found(row["key"], row["value"], round(row["timestamp"].timestamp() * 1000))
        for row in rows
    }
    assert len(found) == len(rows), "an offset is there twice"
    return found


def all_landed(lake: Lake, served: Path, topic: str, oracle: Path) -> int:
    """Every committed event is there once with its bytes, and none else; how many."""
    found, committed = landed(lake, topic), told(oracle)
    assert committed.items() <= found.items()
    assert found.items() <= (committed | told(oracle, "unknown")).items()
    assert found == read(served, topic)
    return len(found)


def stated(found: Iterable[Found]) -> list[Statement | None]:
    """What each event states; None for garbage."""
    return [statement_of(one.value, datetime.fromtimestamp(one.timestamp_ms / 1000, UTC)) for one in found]


def gaps_accounted_for(lake: Lake, served: Path, topic: str) -> int:
    """Each offset that is not in bronze is of an aborted transaction, or the end of one; how many aborted there are.

    To be asked of one producer's topic, which is drained: there no two transactions end one behind the other.
    """
    found, everything = landed(lake, topic), read(served, topic, committed=False)
    aborted = everything.keys() - found.keys()
    assert found.items() <= everything.items()
    for number in {partition for partition, _ in everything}:
        offsets = sorted(offset for partition, offset in everything if partition == number)
        assert offsets[0] == 0
        assert all(later - earlier <= 2 for earlier, later in pairwise(offsets))
    return len(aborted)
