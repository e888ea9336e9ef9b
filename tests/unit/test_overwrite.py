"""Gold's tables made as a newer contract has them: each commit of it under a lease that is checked right before."""

from typing import Any
from unittest.mock import MagicMock

import pytest

from lakehouse.errors import JobError
from lakehouse.gold import overwrite
from lakehouse.gold.build import Build
from lakehouse.gold.release import FULL, Release
from lakehouse.runtime.held import holding
from lakehouse.runtime.lake import Lake

TABLE = "gold.fact_sales"


class Spark:
    """Takes note of statements; a table has one CHECK constraint of an older contract, and no clustering."""

    def __init__(self, told: list[str]) -> None:
        self.told = told

    def sql(self, statement: str) -> Any:
        if statement.startswith("ALTER"):
            self.told.append("altered")
        row = {"properties": {"delta.constraints.old": "false"}, "clusteringColumns": []}
        return MagicMock(collect=lambda: [row])


class Held:
    """A lease that is lost after so many checks."""

    def __init__(self, told: list[str], checks: int) -> None:
        self.told, self.left = told, checks

    def check(self) -> None:
        if not self.left:
            raise JobError("lost")
        self.left -= 1
        self.told.append("checked")

    def guard(self, jvm: int | None) -> None:
        raise NotImplementedError


def made_as_contracted(lake: Lake, checks: int) -> tuple[list[str], int]:
    """What is done under a lease that holds for so many checks, and how many commits there would be."""
    told: list[str] = []
    table = lake.table(TABLE)
    target = Release(release_id="r", number=1, kind=FULL, rule_fingerprint="f", silver_version=1)
    held = Held(told, checks)
    build = Build(spark=Spark(told), lake=lake, target=target, base=None, held=held)  # type: ignore[arg-type]
    with holding(held):
        overwrite._drop_other_constraints(build, table)
        overwrite._as_contracted(build, table)
    return told, told.count("altered")


def test_each_commit_is_checked_right_before(lake: Lake) -> None:
    told, commits = made_as_contracted(lake, 100)
    assert commits > 3
    assert told == ["checked", "altered"] * commits


@pytest.mark.parametrize("checks", [0, 1, 2])
def test_nothing_is_committed_once_the_lease_is_lost(lake: Lake, checks: int) -> None:
    with pytest.raises(JobError, match="lost"):
        made_as_contracted(lake, checks)
