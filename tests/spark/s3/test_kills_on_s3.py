"""Promise 3 in a bucket: ended at steps of the protocols, or killed as a process, then run once more.

What was never killed has its state and digests; whatever was killed must come to them, with the leases that it left.
"""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
from pyspark.sql import SparkSession

from lakehouse import road
from lakehouse.bronze import ledger
from lakehouse.care import audit_tables
from lakehouse.care.alone import alone
from lakehouse.care.audit import audit
from lakehouse.care.expire import expire
from lakehouse.care.verify import findings
from lakehouse.errors import JobError
from lakehouse.gold.job import GOLD_POINTS
from lakehouse.gold.release import newest
from lakehouse.ops import tables
from lakehouse.ops.killpoints import EXPIRY_POINTS, LANDING_POINTS, SILVER_POINTS, WITHDRAWAL_POINTS
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.s3_lease_chain import Chain
from lakehouse.runtime.s3_lease_owners import this_process
from lakehouse.sample import write_sample
from lakehouse.silver import SALES
from scripts.s3_app import Fault
from scripts.s3_server import faults_struck, order_faults
from tests.kills import PATIENCE, Killed, State, command, ended, holds, leftovers, raising, run, state
from tests.spark.s3.buckets import client, copied_bucket
from tests.spark.s3.conftest import in_use

pytestmark = pytest.mark.timeout(900)

SHORT = ("object-put", "merged", "gold-before-release")
"""The points of `make test`."""
POINTS = (*LANDING_POINTS, *SILVER_POINTS, *(point for point in GOLD_POINTS if point != "gold-dim-date"))
MODULES = ("bronze.landing", "silver.batch", "silver.settle", "gold.job", "gold.build")


class Begun(NamedTuple):
    """A bucket with a release of the first file, the second file, and what must come of it."""

    bucket: str
    second: Path
    state: State
    digests: dict[str, str]


@pytest.fixture(scope="module")
def begun(address: str, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    folder = tmp_path_factory.mktemp("begun")
    first, second = (file.path for file in write_sample(folder / "files", rows=300, days=2))
    empty, bucket, never = (f"{name}-{uuid4().hex}" for name in ("empty", "begun", "never"))
    copied_bucket(address, None, empty)
    with in_use(address, empty, folder / "first", spark):
        run(first, to="gold")
    copied_bucket(address, empty, bucket)
    copied_bucket(address, empty, never)
    with in_use(address, never, folder / "never", spark) as lake:
        run(second, to="gold")
        yield Begun(bucket, second, state(lake), digests_of(lake))


@pytest.fixture
def there(address: str, begun: Begun, spark: SparkSession, tmp_path: Path) -> Iterator[Lake]:
    """A copy of the lakehouse that has the first file."""
    bucket = copied_bucket(address, begun.bucket, f"copy-{uuid4().hex}")
    with in_use(address, bucket, tmp_path / "home", spark) as lake:
        yield lake


def digests_of(lake: Lake) -> dict[str, str]:
    release = newest(lake)
    assert release is not None
    return dict(release.digests)


def as_if_never_killed(spark: SparkSession, lake: Lake, begun: Begun) -> None:
    holds(spark, lake, begun.state)
    assert digests_of(lake) == begun.digests
    assert {one.status for one in ledger.read(lake)} == {"landed"}


@pytest.mark.parametrize(
    "point", [p if p in SHORT else pytest.param(p, marks=pytest.mark.soak) for p in dict.fromkeys(POINTS)]
)
def test_a_run_ended_at_a_step_is_completed_by_one_more(
    point: str, there: Lake, begun: Begun, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        for module in MODULES:
            patched.setattr(f"lakehouse.{module}.reached", raising(point))
        with pytest.raises(Killed):
            run(begun.second, to="gold")
    run(begun.second, to="gold")
    as_if_never_killed(spark, there, begun)


@pytest.mark.parametrize("point", [p if p == "merged" else pytest.param(p, marks=pytest.mark.soak) for p in SHORT])
def test_a_process_killed_leaves_a_lease_that_the_next_run_takes_over_at_once(
    point: str, there: Lake, begun: Begun, spark: SparkSession
) -> None:
    """Its expiry is a minute away, but its process is gone, and the JVM it drove is waited for."""
    told = ended(
        Path(there.home), "run", "--to", "gold", "--source", "superstore", str(begun.second), LAKEHOUSE_KILL_AT=point
    )
    assert told.returncode == -signal.SIGKILL, told.stderr
    said = run(begun.second, to="gold")
    assert not [line for line in said if re.match(r"waiting for process \d+ on ", line)]
    as_if_never_killed(spark, there, begun)


def test_rows_of_a_commit_that_was_killed_are_told_and_removed(
    there: Lake, begun: Begun, address: str, spark: SparkSession
) -> None:
    """Killed while the store has the rows, and not yet the version of silver that would name them."""
    order_faults(address, Fault(kind="put", within="silver/sales/_delta_log/0", agent="Hadoop", fault="silent"))
    with command(Path(there.home), "run", "--to", "gold", "--source", "superstore", str(begun.second)) as process:
        until(lambda: faults_struck(address) == [1])
        process.kill()
    order_faults(address)
    found = audit_tables.audit(there)
    assert found.ok
    assert [one.path for one in found.unknown if re.fullmatch(r"silver/sales/part-.*\.parquet", one.path)] != []
    until(lambda: not_at_work(there))  # its JVM ends by itself
    assert audit_tables.clean(there, found.unknown) == [*found.unknown]
    assert audit_tables.audit(there).unknown == ()
    run(begun.second, to="gold")
    as_if_never_killed(spark, there, begun)
    assert audit_tables.audit(there).unknown == ()


def until(happened: Callable[[], bool]) -> None:
    last = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < last
        time.sleep(0.2)


def not_at_work(lake: Lake) -> bool:
    with suppress(JobError), alone(lake):
        return True
    return False


@pytest.mark.parametrize(
    "table, point",
    [
        (SALES, "prepared"),
        ("gold", "gold-before-release"),
        *(pytest.param(*one, marks=pytest.mark.soak) for one in ((ledger.TABLE, "object-put"), ("gold", "gold-begun"))),
    ],
)
def test_a_run_whose_lease_is_taken_over_commits_nothing_more(
    table: str,
    point: str,
    there: Lake,
    begun: Begun,
    address: str,
    spark: SparkSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By another machine, which has let go of it when the run is said again."""
    other = replace(this_process(60), id="another", host="elsewhere", machine="elsewhere 1 pid:[1]", released=True)
    bucket = there.root.removeprefix("s3a://")
    chain = Chain(client=client(address), bucket=bucket, prefix="", table=table)
    before: list[dict[str, int | None]] = []

    def taken_over(at: str) -> None:
        if at == point:
            assert chain.claim(chain.sight().greatest + 1, other)
            before.append(versions(there))

    with monkeypatch.context() as patched:
        for module in MODULES:
            patched.setattr(f"lakehouse.{module}.reached", taken_over)
        with pytest.raises(JobError, match=f"the lease of {table} was taken away.*another run took it over"):
            run(begun.second, to="gold")
    assert before == [versions(there)]
    run(begun.second, to="gold")
    as_if_never_killed(spark, there, begun)


def versions(lake: Lake) -> dict[str, int | None]:
    """Of all tables but that of runs, which tells of the failed one."""
    return {name: tables.version(lake, name) for name in lake.catalog.tables if name != "ops.runs"}


@pytest.mark.parametrize(
    "point",
    [p if p == "withdrawal-merged" else pytest.param(p, marks=pytest.mark.soak) for p in WITHDRAWAL_POINTS],
)
def test_a_withdrawal_ended_at_a_step_is_completed_when_asked_for_again(
    point: str, there: Lake, begun: Begun, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digests_of(there)
    run(begun.second, to="gold")
    assert digests_of(there) != before
    with monkeypatch.context() as patched:
        for module in ("silver.withdraw", "silver.settle"):
            patched.setattr(f"lakehouse.{module}.reached", raising(point))
        with pytest.raises(Killed):
            road.take_back("local", "superstore", [begun.second.name], agree=lambda _: None)
    road.take_back("local", "superstore", [begun.second.name], agree=lambda _: None)
    assert digests_of(there) == before
    assert sorted(one.status for one in ledger.read(there)) == ["landed", "withdrawn"]
    assert [one for one in findings(lambda: spark, there, rebuild=False) if not one.ok] == []
    assert leftovers(there) == []


@pytest.mark.parametrize("point", EXPIRY_POINTS)
def test_an_expiry_ended_at_a_step_is_completed_by_the_next(
    point: str, there: Lake, begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    with monkeypatch.context() as patched:
        patched.setattr("lakehouse.care.expire.reached", raising(point))
        with pytest.raises(Killed):
            expire(there, later)
    assert expire(there, later) == [], "the ledger had it before"
    (gone,) = ledger.read(there)
    assert gone.status == "expired"
    assert there.store.object_size(there.object(gone.path)) is None
    assert audit(there).ok
