"""The promises, checked on what is there.

In: bronze, the ledger, the accounting, silver. Out: findings, each with what was checked and up to five rows
that speak against it. Guaranteed: nothing is changed; what is found wrong is told with its keys.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze import EVENTS, ledger
from lakehouse.bronze.ledger import EXPIRED, LANDED, LANDING, Landing
from lakehouse.care.audit import difference, kept_objects
from lakehouse.care.verify_messages import messages_conserved, standing_of
from lakehouse.errors import LostError
from lakehouse.gold.release import newest
from lakehouse.gold.verify import gold_findings
from lakehouse.ops import accounting, tables, withdrawals
from lakehouse.ops.accounting import DONE, PREPARED, REPLAY, Accounting
from lakehouse.ops.spark import table_at
from lakehouse.ops.withdrawals import Withdrawal
from lakehouse.quality.checks import rules_of_events, rules_of_files
from lakehouse.quality.digest import Digest, digest, digest_columns
from lakehouse.quality.findings import EXAMPLES, Finding, finding
from lakehouse.runtime.explained import explained
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.side_by_side import side_by_side
from lakehouse.runtime.storage import Say
from lakehouse.silver import SALES
from lakehouse.silver.messages import Known, known_messages
from lakehouse.silver.rebuild import rebuilt

REBUILT = "silver equals silver rebuilt from bronze"
Open = Callable[[], SparkSession]


def digests(open_spark: Open, lake: Lake) -> dict[str, Digest]:
    """The digests of silver as it is, and of the tables of the newest release as it recorded them."""
    if not lake.has_table(SALES):
        return {}
    found = {SALES: digest(table_at(open_spark(), lake, SALES), digest_columns(lake.table(SALES)))}
    release = newest(lake)
    return found if release is None else found | {name: release.digest(name) for name in release.digests}


def findings(open_spark: Open, lake: Lake, *, rebuild: bool, say: Say = lambda _: None) -> list[Finding]:
    """All checks, the cheap ones first; Spark starts only where there is a silver table."""
    landings, batches = ledger.read(lake), accounting.read(lake)
    say("checking bronze against its ledger")
    raw = _raw_kept(lake, landings)
    found = [raw, _landings_complete(landings), *_conserved(lake, landings, batches)]
    found.append(messages_conserved(lake, batches))
    if lake.has_table(SALES):
        say("checking silver")
        spark = open_spark()
        taken_back = withdrawals.read(lake, status=DONE)
        found += _all_there("silver is whole", lambda: _silver(table_at(spark, lake, SALES), batches, taken_back))
        if rebuild and raw.ok:
            say("building silver anew from bronze")
            found += _all_there(REBUILT, lambda: [_rebuilt(spark, lake, landings, batches)])
        elif rebuild:
            found.append(finding(REBUILT, "not built", [{"why": f"it does not hold that {raw.promise}"}]))
        found += _all_there("gold is whole", lambda: gold_findings(spark, lake, rebuild=rebuild, say=say))
    return found


def _all_there(promise: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a check finds; where it cannot, since a file is gone that a table needs, that is the finding."""
    try:
        return list(check())
    except Exception as error:
        if not isinstance(told := explained(error), LostError):
            raise
        return [finding(promise, "cannot be read", [{"why": str(told)}])]


def _raw_kept(lake: Lake, landings: list[Landing]) -> Finding:
    """Promise 1: each landed or rejected file is there, byte for byte."""
    kept = kept_objects(landings)
    differing = [found for one in kept if (found := difference(lake, one)) is not None]
    wrong = [{"path": d.landing.path, "what": d.what, "expected": d.expected, "found": d.found} for d in differing]
    return finding("raw is kept", f"{len(kept)} file(s), size and sha256", wrong)


def _landings_complete(landings: list[Landing]) -> Finding:
    wrong = [{"file": one.file_name, "landing_id": one.landing_id} for one in landings if one.status == LANDING]
    return finding("landings are complete", f"{len(landings)} landing(s)", wrong)


def _conserved(lake: Lake, landings: list[Landing], batches: list[Accounting]) -> Iterator[Finding]:
    """Promise 2 on the books: every landed record in a batch, every batch closed, every quarantined row stored."""
    by_landing = {one.landing_id: one for one in batches if one.status == DONE and one.landing_id is not None}
    wrong = [
        {"file": one.file_name, "records": one.records, "accounted": by_landing[one.landing_id].rows_in}
        for one in landings
        if one.landing_id in by_landing and by_landing[one.landing_id].rows_in != one.records
    ]
    for landing_id in by_landing.keys() - {one.landing_id for one in landings}:
        wrong.append({"file": f"landing {landing_id} is not in the ledger", "records": None, "accounted": None})
    rows = sum(one.rows_in for one in by_landing.values())
    yield finding("rows are conserved", f"{rows} row(s) in {len(by_landing)} batch(es) are the records landed", wrong)
    begun = withdrawals.read(lake, status=PREPARED)
    left = [{"batch_id": b.batch_id, "source": b.source} for b in batches if b.status == PREPARED]
    left += [{"withdrawal_id": one.withdrawal_id, "source": one.source} for one in begun]
    yield finding("batches and withdrawals are closed", f"{len(batches)} batch(es)", left)
    stored: dict[str, int] = {}
    for row in tables.read(lake, "ops.quarantine", ["landing_id", "line", "batch_id"]):
        stored[row["batch_id"]] = stored.get(row["batch_id"], 0) + 1
    differing = [
        {"batch_id": one.batch_id, "accounted": one.classes["quarantined"], "stored": stored.get(one.batch_id, 0)}
        for one in batches
        if one.status == DONE and one.kind != REPLAY and one.classes["quarantined"] != stored.get(one.batch_id, 0)
    ]
    yield finding("quarantined rows are stored", f"{sum(stored.values())} row(s)", differing)


def _silver(sales: DataFrame, batches: list[Accounting], taken_back: list[Withdrawal]) -> Iterator[Finding]:
    """Silver against the sums of all batches that were done, less what withdrawals removed, and its keys."""
    found = {
        row["source_system"]: (row["live"], row["rows"])
        for row in sales.groupBy("source_system")
        .agg(F.count_if(~F.col("is_deleted")).alias("live"), F.count(F.lit(1)).alias("rows"))
        .collect()
    }
    wrong = []
    for source in sorted({*found, *(one.source for one in batches)}):
        sums = {n: sum(b.classes[n] for b in batches if b.source == source and b.done_at) for n in _MOVES}
        removed = sum(one.removed for one in taken_back if one.source == source)
        deleted = sum(one.deleted for one in taken_back if one.source == source)
        expected = (
            sums["inserted"] + sums["revived"] - sums["deleted"] - removed - deleted,
            sums["inserted"] + sums["tombstoned"] - removed,
        )
        if found.get(source, (0, 0)) != expected:
            wrong.append({"source": source, "live, rows": found.get(source), "by the accounting": expected})
    total = sum(rows for _, rows in found.values())
    yield finding("silver is what the accounting says", f"{total} row(s) of {len(found)} source(s)", wrong)
    doubled = sales.groupBy("source_system", "sale_id").count().where("count > 1").limit(EXAMPLES).collect()
    yield finding("one row a sale line", f"{total} key(s)", [row.asDict() for row in doubled])


_MOVES = ("inserted", "revived", "deleted", "tombstoned")


def _rebuilt(spark: SparkSession, lake: Lake, landings: list[Landing], batches: list[Accounting]) -> Finding:
    """Promises 3 to 5 for silver: what bronze says, built from nothing, is what is there."""
    done = {one.landing_id: one for one in batches if one.status == DONE and one.landing_id is not None}
    taken = [one for one in landings if one.status == LANDED and one.landing_id in done]
    expired = [one for one in landings if one.status == EXPIRED]
    messages = [known for source in sorted(lake.catalog.sources) for known in known_messages(lake, source)]
    table = lake.table(SALES)
    columns = (*digest_columns(table), table.column("recorded_at"))  # it decides what a later statement may change
    standing = _standing(spark, lake, expired, messages)
    anew = partial(rebuilt, spark, lake, taken, messages, standing)
    something = bool(taken or messages or standing is not None)
    live, again = side_by_side(
        [
            lambda: digest(table_at(spark, lake, SALES), columns),
            lambda: digest(anew(), columns) if something else Digest(rows=0, sum=0),
        ]
    )
    wrong = [] if live == again else [{"live": str(live), "rebuilt": str(again)}]
    note = _note(lake, [one for one in batches if one.status == DONE and one.kind != REPLAY], expired, messages)
    return finding(REBUILT, f"{len(taken)} file(s), {live.rows} row(s){note}", wrong)


def _note(lake: Lake, done: list[Accounting], expired: list[Landing], messages: list[Known]) -> str:
    """What to know of the rebuild."""
    today = {source: rules_of_files(lake, source).fingerprint() for source in {one.source for one in done}}
    of_events = rules_of_events(lake, lake.table(EVENTS)).fingerprint()
    older = sum(
        one.rule_fingerprint != (of_events if one.kind == accounting.EVENTS else today[one.source]) for one in done
    )
    note = f"; messages of {len(messages)} topic(s)" if messages else ""
    note += f"; {older} batch(es) were judged by older rules" if older else ""
    note += f"; the rows of {len(expired)} expired file(s) are silver's own" if expired else ""
    gone = any(one.gone for one in messages)
    return note + ("; the rows of expired messages are silver's own" if gone else "")


def _standing(spark: SparkSession, lake: Lake, expired: list[Landing], messages: list[Known]) -> DataFrame | None:
    """The rows of silver that stand as files or messages said which are gone; None where none is."""
    sales = table_at(spark, lake, SALES)
    of_messages = standing_of(sales, messages)
    if not expired:
        return of_messages
    files = [(one.source, one.path, one.as_of) for one in expired]
    columns = ["source_system", "_source_file", "recorded_at"]
    gone = spark.createDataFrame(files, "source_system string, _source_file string, recorded_at timestamp")
    of_files = sales.join(F.broadcast(gone), columns, "left_semi").select(sales.columns)
    return of_files if of_messages is None else of_files.unionByName(of_messages)
