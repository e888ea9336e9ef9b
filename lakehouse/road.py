"""The road of the data, as the command line and the jobs travel it: there, and back again.

In: an environment, a source and paths. Out: what became of each file and each row. Guaranteed: every stage
runs in one Spark session, started only when there is work for it; the run is recorded, however it ends.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lakehouse.bronze import ledger
from lakehouse.bronze.arrivals import files_of, parse_as_of
from lakehouse.bronze.landing import Outcome, land
from lakehouse.gold.release import Release
from lakehouse.hops import into_gold, into_silver, into_warehouse, progress_of_landing, spark_session
from lakehouse.ops import runs
from lakehouse.ops.accounting import HELD, Accounting
from lakehouse.ops.withdrawals import Withdrawal
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.runtime.storage import Say
from lakehouse.silver import pending as silver_pending
from lakehouse.silver.settle import settle_withdrawals
from lakehouse.silver.sources import transform_path
from lakehouse.silver.taking_back import Standing, standing

if TYPE_CHECKING:  # what needs Spark or the connector is loaded when there is work for it
    from lakehouse.hops import Session
    from lakehouse.publish.job import Published


Stage = Literal["bronze", "silver", "gold", "warehouse"]
"""How far a run brings what has landed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Travelled:
    """What a run did: the outcome of each file, the accounting of each batch, and whether the release is of its making.

    `release` is the newest one, also where the run found it; `published` is None where the run did not go so far.
    """

    outcomes: Sequence[Outcome]
    closed: Sequence[Accounting]
    names: dict[str, str]
    release: Release | None = None
    new_release: bool = False
    published: "Published | None" = None

    @property
    def ok(self) -> bool:
        """Whether every file could be landed and no batch was held."""
        return self.rejected() == 0 and self.held() == 0

    def rejected(self) -> int:
        """How many files are none of the source."""
        return sum(outcome.what == "rejected" for outcome in self.outcomes)

    def held(self) -> int:
        """How many batches a gate holds."""
        return sum(one.status == HELD for one in self.closed)


def travel(
    env: str | None,
    source: str,
    paths: Sequence[str],
    *,
    as_of: str | None = None,
    to: Stage = "warehouse",
    wait: bool = True,
    say: Say = lambda _: None,
) -> Travelled:
    """Land the paths of a source and bring what is pending as far as `to`.

    Raises:
        UsageError: unknown environment or source, a path that is not there, an as-of that is none.
        JobError: a stage failed; what was done before it stays.
    """
    lake = open_lake(env)
    feed = lake.source(source)
    transform_path(feed)
    files = files_of(paths)
    moment = None if as_of is None else parse_as_of(as_of)
    with runs.recorded(lake, "land" if to == "bronze" else "run", source) as run:
        settle_withdrawals(lake, wait=wait, say=say)
        outcomes: list[Outcome] = []
        if files:
            outcomes = land(lake, feed, files, as_of=moment, wait=wait, say=say, progress=progress_of_landing(say))
            run.refuse(sum(outcome.what == "rejected" for outcome in outcomes))
        closed = [] if to == "bronze" else into_silver(lake, source, wait, say)
        run.count(closed)
        release, new = into_gold(lake, wait, say) if to in ("gold", "warehouse") else (None, False)
        published = into_warehouse(lake, wait, say) if to == "warehouse" else None
    names = {one.landing_id: one.file_name for one in ledger.read(lake, source=source)} if closed else {}
    return Travelled(
        outcomes=outcomes, closed=closed, names=names, release=release, new_release=new, published=published
    )


def resume(
    env: str | None, batch_id: str, *, to: Stage = "warehouse", wait: bool = True, say: Say = lambda _: None
) -> Travelled:
    """Accept a batch that a gate holds, and bring what is then pending of its source as far as `to`.

    Raises:
        UsageError: no such batch is held.
        JobError: a stage failed; the batch stays accepted.
    """
    accepted = silver_pending.accept(open_lake(env), batch_id, wait=wait, say=say)
    say(f"accepted: {accepted.reason}")
    return travel(env, accepted.source, (), to=to, wait=wait, say=say)


def to_gold(
    env: str | None, *, wait: bool = True, say: Say = lambda _: None, session: "Session | None" = None
) -> tuple[Release | None, bool]:
    """Bring silver to gold; the newest release (None where there is no silver), and whether it is new.

    Args:
        session: gives the Spark session where it is not to be the one of this process.

    Raises:
        JobError: a gate refused the release; readers see the one there was.
    """
    lake = open_lake(env)
    with runs.recorded(lake, "gold", None):
        return into_gold(lake, wait, say, session)


def to_warehouse(
    env: str | None, *, full: bool = False, wait: bool = True, say: Say = lambda _: None
) -> "Published | None":
    """Bring the newest release to the warehouse; None where there is no release. See `lakehouse.publish.job`.

    Raises:
        UsageError: the settings of the warehouse name no key file.
        JobError: the warehouse does not answer, or would not be as Delta is.
    """
    lake = open_lake(env)
    with runs.recorded(lake, "publish", None):
        return into_warehouse(lake, wait, say, full=full)


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenBack:
    """What a withdrawal did: its landings, lines restored and removed, and the release without them, published.

    `new_release` is false where the release there was had nothing of them.
    """

    landings: Sequence[Standing]
    withdrawal: Withdrawal | None
    release: Release | None
    new_release: bool
    published: "Published | None" = None


def take_back(
    env: str | None,
    source: str,
    names: Sequence[str],
    *,
    as_of: str | None = None,
    agree: Callable[[Sequence[Standing]], None],
    wait: bool = True,
    say: Say = lambda _: None,
) -> TakenBack:
    """Take landings back, through silver and gold to the warehouse.

    Args:
        names: of files, as they are or as the ledger has them, or ids of landings.
        as_of: only the landings as of then.
        agree: is told what stands as the files say, before anything is done; it may raise.

    Raises:
        UsageError: a name means no landing, or several of different content.
        JobError: a stage failed; asking again completes it.
    """
    lake = open_lake(env)
    settle_withdrawals(lake, wait=wait, say=say)
    found = standing(lake, lake.source(source), names, None if as_of is None else parse_as_of(as_of))
    if found:
        agree(found)
    with runs.recorded(lake, "withdraw", source):
        done = _taken(lake, source, [one.landing.landing_id for one in found], wait, say)
        release, new = into_gold(lake, wait, say)
        published = into_warehouse(lake, wait, say)
        return TakenBack(landings=found, withdrawal=done, release=release, new_release=new, published=published)


def _taken(lake: Lake, source: str, landing_ids: Sequence[str], wait: bool, say: Say) -> Withdrawal | None:
    if not landing_ids:
        return None
    from lakehouse.silver.withdraw import withdraw

    spark = spark_session(lake, say)
    say(f"silver: taking back {len(landing_ids)} landing(s)")
    return withdraw(spark, lake, source, landing_ids, wait=wait, say=say)
