"""History (SCD2) of anything: from facts about keys to versions of keys, and which keys a change disturbs.

In: observations and ends, as DataFrames. Out: half-open intervals `[valid_from, valid_to)`, or keys. Guaranteed:
pure; the order of the rows, repetition and batching do not matter; knows nothing of what the keys stand for.

Columns. A key is (`entity`, `source_system`, `natural_key`): what kind of thing it is, who knows it, and its name
there; histories of several kinds are made in one pass. An observation has a key, `at` (UTC, from 1900-01-01 to before
9999-12-31), `rank` (text, compared bytewise; names the observation within its key and time) and one column an
attribute. An end has a key and `at`. A version has a key, `valid_from`, `valid_to`, `is_current`,
`first_observed_at`, the attributes and `_uneven`.

The rules, in pictures; `A` observes the value A, `X` is an end, `.` an observation that leaves the value open:

    facts       A   A     B         A version begins where a tracked attribute changes; repeats begin none. The
    versions  [ A       )[ B    …   first reaches back to 1900-01-01, so that a late earlier sale that agrees moves
                                    nothing; `first_observed_at` says where it was really seen first.

    facts       A   X       A       An end closes a version. After it nothing holds until the next observation,
    versions  [ A   )      [ A  …   which begins a version at its own time even where the value is the old one.

    facts       X   A               Where an end comes first, the first version begins at its observation. Ends
    versions       [ A          …   before any observation, or after another end, make no version.

    facts       A                   At one time an observation beats an end (the end is LOST), and of several
                B X  (same time)    observations the greatest rank wins, per attribute, among those that know it.
    versions  [ B               …   Here B has the greater rank. The version is UNEVEN: something in it lost.

    facts       .   A   .   B       `null_is: unknown`: an open value is the last known at or before its time, else
    versions  [ A          )[ B …   the key's first known one, also across ends, else NULL. Where an observation
                uneven              left the value open that its version has, the version is UNEVEN.
                                    `null_is: value`: NULL is a value like any other.

An untracked attribute begins no version; a version has what it was at `first_observed_at`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

KEY = ("entity", "source_system", "natural_key")
BEGINNING = "1900-01-01 00:00:00"
OPEN_END = "9999-12-31 00:00:00"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """What is known of a key; `null_is` says whether NULL is a value or means that nobody said."""

    name: str
    tracked: bool = True
    null_is: Literal["unknown", "value"] = "value"

    @property
    def compared(self) -> bool:
        """Whether an observation that differs in it makes its version uneven: wherever it could matter elsewhere."""
        return self.tracked or self.null_is == "unknown"


def versions(observations: DataFrame, ends: DataFrame | None, attributes: Sequence[Attribute]) -> DataFrame:
    """All versions of all keys that are observed; `ends` is None where nothing ever ends."""
    facts = _facts(observations, ends, attributes)
    begun = facts.transform(lambda f: _filled(f, attributes)).transform(lambda f: _begun(f, attributes))
    differs = _any(~F.col(a.name).eqNullSafe(F.col(f"_version.{a.name}")) for a in attributes if a.compared)
    inside = begun.where("_version IS NOT NULL").groupBy(*KEY, "_version")
    spans = inside.agg(
        F.min(F.when(F.col("_is_end") & ~F.col("_lost"), F.col("at"))).alias("_ended_at"),
        F.max((~F.col("_is_end") & differs) | F.col("_lost")).alias("_uneven"),
    )
    following = F.lead("_version.at").over(Window.partitionBy(*KEY).orderBy("_version.at"))
    valid_to = F.coalesce("_ended_at", following, _moment(OPEN_END))
    return spans.select(
        *KEY,
        F.when(F.col("_version.first"), _moment(BEGINNING)).otherwise(F.col("_version.at")).alias("valid_from"),
        valid_to.alias("valid_to"),
        (valid_to == _moment(OPEN_END)).alias("is_current"),
        F.col("_version.at").alias("first_observed_at"),
        *(F.col(f"_version.{a.name}").alias(a.name) for a in attributes),
        "_uneven",
    )


def disturbed(
    before: DataFrame,
    arriving: DataFrame,
    withdrawn: DataFrame,
    ends_changed: DataFrame | None,
    attributes: Sequence[Attribute],
) -> DataFrame:
    """The keys that must be rebuilt, each once, and whether they had a version (`_known`).

    All others keep their versions to the byte.

    Each change is judged alone, against the dimension before the batch:

        version           [from ····· F ············· to)      F: first_observed_at

        arriving      ↑   ↑           ↑       ↑                disturbs where no version covers it (1), where it
                     (1)  (3)        (4)     (2)               differs from the version (2), before F (3), and at F
                                                               where there are untracked attributes (4)
        withdrawn                     ↑       ↑                disturbs at F (5), and anywhere in an uneven version,
                                     (5)     (6)               where what lost may win now (6)
        an end that came or went                               always disturbs

    An attribute that is untracked and may be unknown can hint at later versions, so that there anything arriving
    in an uneven version disturbs as well.

    Args:
        before: the versions before the batch.
        arriving: observations that are there now and were not before; a correction arrives at its new time.
        withdrawn: observations that were there before and are not now; a correction is withdrawn at its old time.
        ends_changed: ends that came or went; None for none.
        attributes: as given to `versions`.
    """
    compared = [a.name for a in attributes if a.compared]
    untracked = [a for a in attributes if not a.tracked]
    changes = arriving.withColumn("_came", F.lit(True)).unionByName(withdrawn.withColumn("_came", F.lit(False)))
    old = before.select(
        *KEY, F.struct("valid_from", "valid_to", "first_observed_at", "_uneven", *compared).alias("_old")
    )
    covers = (F.col("o.at") >= F.col("v._old.valid_from")) & (F.col("o.at") < F.col("v._old.valid_to"))
    met = changes.alias("o").join(old.alias("v"), [*_same_key("o", "v"), covers], "left")
    at, first = F.col("o.at"), F.col("v._old.first_observed_at")
    came = [F.col("v._old").isNull(), at < first]
    came += [~F.col(f"o.{name}").eqNullSafe(F.col(f"v._old.{name}")) for name in compared]
    if untracked:
        came.append(at == first)
    if any(a.null_is == "unknown" for a in untracked):
        came.append(F.col("v._old._uneven"))
    went = [F.col("v._old").isNull(), at == first, F.col("v._old._uneven")]
    found = met.where(F.when(F.col("o._came"), _any(came)).otherwise(_any(went))).select(*(f"o.{name}" for name in KEY))
    told = found if ends_changed is None else found.unionByName(ends_changed.select(*KEY))
    known = before.select(*KEY, F.lit(True).alias("_known"))
    return told.join(known, list(KEY), "left").withColumn("_known", F.coalesce("_known", F.lit(False))).distinct()


def of_keys(facts: DataFrame, keys: DataFrame) -> DataFrame:
    """Observations, ends or versions of these keys."""
    return facts.join(F.broadcast(keys.select(*KEY)), list(KEY), "left_semi")


def _facts(observations: DataFrame, ends: DataFrame | None, attributes: Sequence[Attribute]) -> DataFrame:
    """Observations that say the same of one key and time as one row, and the ends."""
    names = [a.name for a in attributes]
    seen = observations.groupBy(*KEY, "at", *names).agg(F.max("rank").alias("rank"))
    facts = seen.withColumn("_is_end", F.lit(False))
    if ends is None:
        return facts
    ended = ends.select(*KEY, "at").distinct().withColumn("_is_end", F.lit(True))
    return facts.unionByName(ended, allowMissingColumns=True)


def _filled(facts: DataFrame, attributes: Sequence[Attribute]) -> DataFrame:
    """Adds to each fact `_lost`, `_told` (one speaks for its time) and, where it does, the attributes then, `_at.*`."""
    same_time = Window.partitionBy(*KEY, "at")
    key = Window.partitionBy(*KEY)
    until_now = key.orderBy("at").rangeBetween(Window.unboundedPreceding, Window.currentRow)
    ever = key.orderBy("at").rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    unknown = [a for a in attributes if a.null_is == "unknown"]
    ranked = facts.withColumns(
        {
            "_told": F.row_number().over(same_time.orderBy("_is_end", F.col("rank").desc())) == 1,
            "_lost": F.col("_is_end") & ~F.min("_is_end").over(same_time),
            **{f"_won_{a.name}": F.max(_knows(a)).over(same_time)["value"] for a in unknown},
        }
    )
    known = {
        name: F.coalesce(F.last(name, ignorenulls=True).over(until_now), F.first(name, ignorenulls=True).over(ever))
        for name in (f"_won_{a.name}" for a in unknown)
    }
    filled = ranked.withColumns(known) if known else ranked
    # Where NULL is a value, every observation knows it, and the fact that speaks for its time is the one that won.
    at = (F.col(f"_won_{a.name}" if a in unknown else a.name).alias(a.name) for a in attributes)
    return filled.withColumn("_at", F.struct(*at)).drop(*known)


def _knows(attribute: Attribute) -> SparkColumn:
    """(rank, value) of an observation that knows the attribute; NULL of one that does not, and of an end."""
    value = F.col(attribute.name)
    return F.when(~F.col("_is_end") & value.isNotNull(), F.struct("rank", value.alias("value")))


def _begun(facts: DataFrame, attributes: Sequence[Attribute]) -> DataFrame:
    """Adds `_version` to each fact: when the version it lies in began, whether as the first fact, with what."""
    in_order = Window.partitionBy(*KEY).orderBy("at", "_is_end", F.col("rank").desc())
    earlier = in_order.rowsBetween(Window.unboundedPreceding, -1)
    until_now = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    previous = F.last(F.when(F.col("_told"), F.struct("_is_end", "_at")), ignorenulls=True).over(earlier)
    changed = _any(
        ~F.col(f"_at.{a.name}").eqNullSafe(F.col(f"_previous._at.{a.name}")) for a in attributes if a.tracked
    )
    begins = F.col("_told") & ~F.col("_is_end") & (F.col("_previous").isNull() | F.col("_previous._is_end") | changed)
    start = F.struct("at", F.col("_previous").isNull().alias("first"), "_at.*")
    told = facts.withColumn("_previous", previous).withColumn("_start", F.when(begins, start))
    return told.withColumn("_version", F.last("_start", ignorenulls=True).over(until_now)).drop("_previous", "_start")


def _same_key(one: str, other: str) -> list[SparkColumn]:
    return [F.col(f"{one}.{name}") == F.col(f"{other}.{name}") for name in KEY]


def _any(conditions: Sequence[SparkColumn] | object) -> SparkColumn:
    """Whether one of the conditions, none of them NULL but where another is true, holds."""
    return reduce(SparkColumn.__or__, conditions, F.lit(False))  # type: ignore[arg-type]


def _moment(text: str) -> SparkColumn:
    return F.lit(text).cast("timestamp")
