"""R4 for gold: random histories of sale lines, each under keys of its own, dealt to batches in one order and another.

A story is a handful of lines of two customers, two products and two stores, on few days and with few values, so that
ties, late values, corrections of values, times and keys, and deletions are common. Its statements are dealt to batches
at random, some of them twice; after each batch gold makes a step and must be what the plain-Python oracle says.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.gold.job import bring_to_gold
from lakehouse.gold.verify import gold_findings
from lakehouse.runtime.lake import Lake
from tests.oracle.digest import digest
from tests.oracle.gold import digests_of
from tests.oracle.silver import Statement, hash_fields, silver_of
from tests.spark.gold_data import counted_digests
from tests.spark.statements import CONTENT, bring, judged
from tests.spark.travels import digest_of, lake_at

pytestmark = pytest.mark.usefixtures("large")

RECORDED = [datetime(2024, 5, day, tzinfo=UTC) for day in (1, 2, 3, 4)]
DAY = datetime(2024, 1, 1, tzinfo=UTC)
SOURCES = ("superstore", "online_retail")


def content(dice: Random, story: str) -> dict[str, Any]:
    """What a line says, with the keys of its story; of a store's parts two have signs that keys escape."""
    at = DAY + timedelta(days=dice.randint(1, 5), minutes=dice.choice((0, 0, 0, 1)))
    customer = dice.choice(("c1", "c1", "c1", "c2", None))
    return {
        **CONTENT,
        "ordered_at": at,
        "order_date": at.date(),
        "ship_date": dice.choice((None, at.date())),
        "customer_id": customer and f"{story}/{customer}",
        "customer_name": dice.choice(("Ann", "Ann", "Bo", None)),
        "segment": dice.choice(("Consumer", "Consumer", "Corporate", None)),
        "product_id": f"{story}/{dice.choice(('p1', 'p1', 'p2'))}",
        "product_name": dice.choice(("Pen", "Ink", None)),
        "category": dice.choice(("Art", "Art", None)),
        "sub_category": "Paper",
        "country": f"{story}/{dice.choice(('x', 'x', 'x', 'y'))}",
        "state": dice.choice(("s", "s", "s", None)),
        "city": dice.choice(("a|b", "a|b", "a%7Cb", None)),
        "market": dice.choice(("EU", "EU", "EU", None)),
        "region": dice.choice(("North", "South")),
        "quantity": dice.randint(1, 2),
    }


def told(dice: Random, number: int) -> list[Statement]:
    """A story. Superstore corrects and deletes; a line of Online Retail is known by all it says, and never changes."""
    source = dice.choice(("superstore", "superstore", "online_retail"))
    story, statements = f"{source}/{number}", []
    for _ in range(dice.randint(4, 10)):
        says, deletes = content(dice, story), source == "superstore" and dice.random() < 0.2
        own = dice.choice("12345") if source == "superstore" else hash_fields([str(sorted(says.items()))])
        statements.append(
            Statement(
                source_system=source,
                sale_id=f"{story}/{own}",
                recorded_at=dice.choice(RECORDED),
                is_deleted=deletes,
                content={} if deletes else says,
            )
        )
    return statements


def dealt(dice: Random, statements: Iterable[Statement], count: int) -> list[list[Statement]]:
    """So many batches that each have some of the statements, in no order; one in five comes twice."""
    batches: list[list[Statement]] = [[] for _ in range(count)]
    for one in statements:
        for _ in range(dice.choice((1, 1, 1, 1, 2))):
            dice.choice(batches).append(one)
    for batch in batches:
        dice.shuffle(batch)
    return batches


def arrives(spark: SparkSession, lake: Lake, statements: Sequence[Statement], name: str) -> Counter[str]:
    """One batch a source into silver, and what the rows came to."""
    classes: Counter[str] = Counter()
    for source in SOURCES:
        own = [one for one in statements if one.source_system == source]
        classes.update(bring(spark, lake, judged(spark, lake, own), f"{name}-{source}", source).classes)
    return classes


def gold_of(
    spark: SparkSession, lake: Lake, batches: list[list[Statement]], *, verify: bool
) -> tuple[dict[str, str], Counter[str]]:
    """The digests of gold after all batches, each followed by a step that must be what the oracle says."""
    said: list[Statement] = []
    classes: Counter[str] = Counter()
    for number, batch in enumerate([*batches, batches[0]]):  # the first once more: nothing new
        classes += arrives(spark, lake, batch, f"batch-{number}")
        said += batch
        state = silver_of(said)
        assert digest_of(spark, lake) == digest(state)
        release = bring_to_gold(spark, lake)
        assert release is not None
        assert release.kind == ("step" if number else "full")
        assert (number, release.digests) == (number, digests_of(state))
    assert counted_digests(spark, lake, release) == release.digests
    if verify:
        assert [one for one in gold_findings(spark, lake, rebuild=True) if not one.ok] == []
    return release.digests, classes


def test_stories_dealt_to_batches_come_to_the_oracles_gold_after_each_step(spark: SparkSession, lake: Lake) -> None:
    dice = Random(4)
    statements = [one for number in range(300) for one in told(dice, number)]
    _, classes = gold_of(spark, lake, dealt(dice, statements, 3), verify=False)
    every = {"inserted", "tombstoned", "deleted", "revived", "refreshed", "updated", "duplicate", "stale"}
    assert {name for name, count in classes.items() if count} >= every


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [1, 2])
def test_thousands_of_stories_come_to_the_same_gold_however_they_are_dealt(
    spark: SparkSession, lake: Lake, tmp_path: Path, seed: int
) -> None:
    dice = Random(seed)
    statements = [one for number in range(4_000) for one in told(dice, number)]
    dice.shuffle(statements)
    other = lake_at(tmp_path / "other", lake)
    one_way, _ = gold_of(spark, lake, dealt(dice, statements, 6), verify=True)
    other_way, _ = gold_of(spark, other, dealt(dice, statements, 3), verify=True)
    assert one_way == other_way
