"""Keys that never changed, versioned without ordering their observations: most keys of most lakehouses.

In: observations of the core. Out: the same versions that `lakehouse.gold.scd2.versions` makes of them. Guaranteed:
pure. A build from nothing sorts the observations of the other keys alone, for Online Retail one in nine.

    facts       A   A      A        All observations of the key say the same, and it never ends: whatever the
    versions  [ A               …   attributes are, there is one version, which nothing in it disagrees with.
"""

from collections.abc import Callable, Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold import scd2
from lakehouse.gold.scd2 import BEGINNING, KEY, OPEN_END, Attribute


def versions(
    observations: DataFrame, attributes: Sequence[Attribute], kept: Callable[[DataFrame], DataFrame]
) -> DataFrame:
    """The versions of all keys, none of which ever ends; `kept` has its rows computed once, as they are read twice."""
    said = kept(sayings(observations, attributes))
    changing = scd2.versions(of_changing_keys(observations, said), None, attributes)
    return steady_versions(said, attributes).unionByName(changing)


def sayings(observations: DataFrame, attributes: Sequence[Attribute]) -> DataFrame:
    """What each key was ever observed to be: the key and the attributes, `first_observed_at`, and `_alone`.

    `_alone` is true where the key has only this row.
    """
    said = observations.groupBy(*KEY, *(a.name for a in attributes)).agg(F.min("at").alias("first_observed_at"))
    return said.withColumn("_alone", F.count(F.lit(1)).over(Window.partitionBy(*KEY)) == 1)


def steady_versions(said: DataFrame, attributes: Sequence[Attribute]) -> DataFrame:
    """The versions of the keys of `sayings` that always were the same."""
    return said.where("_alone").select(
        *KEY,
        F.lit(BEGINNING).cast("timestamp").alias("valid_from"),
        F.lit(OPEN_END).cast("timestamp").alias("valid_to"),
        F.lit(True).alias("is_current"),
        "first_observed_at",
        *(a.name for a in attributes),
        F.lit(False).alias("_uneven"),
    )


def of_changing_keys(observations: DataFrame, said: DataFrame) -> DataFrame:
    """The observations of all other keys."""
    return observations.join(said.where("NOT _alone").select(*KEY), list(KEY), "left_semi")
