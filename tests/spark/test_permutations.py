"""R4 for silver: thousands of orders and splits of the same statements, each under its own key, in five batches.

Six statements have 720 orders; each order is split into batches, in one story in four ways; the n-th part of every
one of them is in batch n. The plain-Python oracle says what each batch must count and what silver must be in the end.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import permutations

import pytest
from pyspark.sql import SparkSession

from lakehouse.runtime.lake import Lake
from tests.oracle.silver import State, Statement, apply_batch, silver_of
from tests.spark.statements import bring, judged, said
from tests.spark.travels import classes, expected, sales, standings

pytestmark = pytest.mark.usefixtures("large")

FIRST, SECOND, THIRD = (datetime(2024, 5, day, tzinfo=UTC) for day in (1, 2, 3))
SPLITS = {"ends_live": [(6,), (3, 3), (2, 1, 3), (1, 2, 2, 1)], "ends_deleted": [(1, 2, 1, 2)]}


def ends_live(key: str) -> list[Statement]:
    """A tie of contents and a delete at one moment; then the first content again, said twice."""
    return [
        said(key, FIRST),
        said(key, SECOND, city="Linz"),
        said(key, SECOND, city=None),
        said(key, SECOND, deletes=True),
        said(key, THIRD),
        said(key, THIRD),
    ]


def ends_deleted(key: str) -> list[Statement]:
    """A delete before all others, a content that is only refreshed, a delete that beats an upsert of its moment."""
    return [
        said(key, FIRST, deletes=True),
        said(key, FIRST),
        said(key, SECOND),
        said(key, SECOND, city="Linz"),
        said(key, THIRD, deletes=True),
        said(key, THIRD),
    ]


def parts(split: tuple[int, ...], statements: tuple[Statement, ...]) -> Iterator[tuple[Statement, ...]]:
    start = 0
    for length in split:
        yield statements[start : start + length]
        start += length


def batches() -> list[list[Statement]]:
    """The statements of each batch, over all stories, orders and splits."""
    found: list[list[Statement]] = [[] for _ in range(4)]
    for story in (ends_live, ends_deleted):
        for number, order in enumerate(permutations(range(6))):
            for split in SPLITS[story.__name__]:
                statements = story(f"{story.__name__}/{number}/{len(split)}")
                for place, part in enumerate(parts(split, tuple(statements[at] for at in order))):
                    found[place].extend(part)
    return found


def test_every_order_and_every_split_of_the_same_statements_come_to_the_same_silver(
    spark: SparkSession, lake: Lake
) -> None:
    state: State = {}
    told = batches()
    assert sum(map(len, told)) == 5 * 720 * 6
    seen: set[str] = set()
    for number, batch in enumerate([*told, told[0]]):  # the first once more: repetition does not matter either
        done = bring(spark, lake, judged(spark, lake, batch), f"batch-{number}")
        state, counts = apply_batch(state, batch)
        conflicts = counts.pop("conflicts", 0)
        assert (number, classes([done]), done.conflicts) == (number, counts, conflicts)
        assert done.rows_in == len(batch)
        seen |= set(counts)
    assert seen == {"inserted", "tombstoned", "deleted", "revived", "refreshed", "updated", "duplicate", "stale"}
    assert state == silver_of(statement for batch in told for statement in batch)
    assert standings(sales(spark, lake)) == expected(state)
    ends = {key[1].partition("/")[0]: row.is_deleted for key, row in state.items()}
    assert ends == {"ends_live": False, "ends_deleted": True}
