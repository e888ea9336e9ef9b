"""The road of the data, hop by hop, as the command line and the jobs travel it.

In: an environment, a source and paths. Out: what became of each file and each row. Guaranteed: every stage
runs in one Spark session, started only when there is work for it; the run is recorded, however it ends.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lakehouse.bronze import ledger
from lakehouse.bronze.arrivals import files_of, parse_as_of
from lakehouse.bronze.landing import Outcome, land
from lakehouse.gold import pending as gold_pending
from lakehouse.gold.release import Release, is_new, newest
from lakehouse.ops import runs
from lakehouse.ops.accounting import HELD, Accounting
from lakehouse.ops.spark import session_for
from lakehouse.ops.withdrawals import Withdrawal
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.runtime.storage import Say
from lakehouse.silver import pending as silver_pending
from lakehouse.silver.settle import settle_withdrawals
from lakehouse.silver.sources import transform_path
from lakehouse.silver.taking_back import Standing, standing

if TYPE_CHECKING:  # what needs Spark or the connector is loaded when there is work for it
    Session = Callable[[], "SparkSession"]

    from pyspark.sql import SparkSession

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
            outcomes = land(lake, feed, files, as_of=moment, wait=wait, say=say, progress=_landing(say))
            run.refuse(sum(outcome.what == "rejected" for outcome in outcomes))
        closed = [] if to == "bronze" else _to_silver(lake, source, wait, say)
        run.count(closed)
        release, new = _to_gold(lake, wait, say) if to in ("gold", "warehouse") else (None, False)
        published = _to_warehouse(lake, wait, say) if to == "warehouse" else None
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
        return _to_gold(lake, wait, say, session)


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
        return _to_warehouse(lake, wait, say, full=full)


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
        release, new = _to_gold(lake, wait, say)
        published = _to_warehouse(lake, wait, say)
        return TakenBack(landings=found, withdrawal=done, release=release, new_release=new, published=published)


def _taken(lake: Lake, source: str, landing_ids: Sequence[str], wait: bool, say: Say) -> Withdrawal | None:
    if not landing_ids:
        return None
    from lakehouse.silver.withdraw import withdraw

    spark = _spark(lake, say)
    say(f"silver: taking back {len(landing_ids)} landing(s)")
    return withdraw(spark, lake, source, landing_ids, wait=wait, say=say)


def _to_silver(lake: Lake, source: str, wait: bool, say: Say) -> list[Accounting]:
    """Silver, where anything is pending; else no session is started."""
    if not silver_pending.is_pending(lake, source):
        return []
    from lakehouse.silver.job import bring_to_silver

    spark = _spark(lake, say)

    def begun(landing: ledger.Landing, place: int, of: int) -> None:
        say(f"silver: {landing.file_name} ({landing.records} rows, {place + 1} of {of})")

    return bring_to_silver(spark, lake, source, wait=wait, say=say, begun=begun)


def _to_gold(lake: Lake, wait: bool, say: Say, session: "Session | None" = None) -> tuple[Release | None, bool]:
    """The release that follows from silver, and whether it is new.

    Where silver has nothing new it is the one there is, without a session.
    """
    before = newest(lake)
    if not gold_pending.is_pending(lake):
        return before, False
    from lakehouse.gold.job import bring_to_gold

    spark = session() if session else _spark(lake, say)
    release = bring_to_gold(spark, lake, wait=wait, say=say)
    return release, is_new(release, before)


def _to_warehouse(lake: Lake, wait: bool, say: Say, *, full: bool = False) -> "Published | None":
    """The newest release, published where it is not there yet; the warehouse itself is asked, not a record of it."""
    from lakehouse.publish.job import publish

    return publish(lake, full=full, wait=wait, say=say)


def _spark(lake: Lake, say: Say) -> "SparkSession":
    """The one session of a run, started where none is there yet."""
    from pyspark.sql import SparkSession

    if SparkSession.getActiveSession() is None:
        say("starting Spark")
    return session_for(lake)


def _landing(say: Say) -> Callable[[str, int, int], None]:
    """Progress of landing: every file of a few, every twentieth of many."""

    def progress(name: str, done: int, of: int) -> None:
        if of <= 20 or done % 20 == 0:
            say(f"bronze: {name} ({done + 1} of {of})")

    return progress
