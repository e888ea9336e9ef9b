"""What changed in silver between two of its versions: each changed line as it was and as it is.

In: two versions of `silver.sales`. Out: one row a line that is not the same live line in both. Guaranteed: no
change is missed; where the commits between tell which batches they were, only those batches' rows are read.
"""

from collections.abc import Sequence
from functools import reduce

import pyarrow.compute as pc
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.build import Build
from lakehouse.gold.facts import live_lines
from lakehouse.gold.span import Span
from lakehouse.ops.plain import files_since
from lakehouse.ops.spark import rows_of_files
from lakehouse.silver import SALES
from lakehouse.silver.bounds import bounds_in
from lakehouse.silver.order import KEYS


def changed_lines(build: Build, span: Span, columns: Sequence[str]) -> DataFrame:
    """Source, key, and the columns given as structs `was` and `now`, NULL where there was or is no live line."""
    if span.batches is None:
        come, gone = build.sales(), build.at(SALES, span.old)
    else:
        come = _come(build, span.batches, span)
        gone = _met(build, span, come) if span.updates else come.where(F.lit(False))
    was = live_lines(gone).select(*KEYS, F.struct(*columns).alias("was"))
    now = live_lines(come).select(*KEYS, F.struct(*columns).alias("now"))
    return was.join(now, list(KEYS), "full_outer").where(~F.col("was").eqNullSafe(F.col("now")))


def _come(build: Build, batches: Sequence[str], span: Span) -> DataFrame:
    """The rows of the batches: of a large table they are looked for only in files that it has got since."""
    there = files_since(build.lake, SALES, span.old, span.new)
    if there is None:
        return build.copied(SALES, span.new, _batch_id=batches)
    rows = rows_of_files(build.spark, there).where(F.col("_batch_id").isin(list(batches)))
    return build.staged(rows, SALES)


def _met(build: Build, span: Span, come: DataFrame) -> DataFrame:
    """What stood in silver where these rows came."""
    came = build.kept(SALES)
    sources = sorted(came["source_system"].unique().to_pylist())
    where = [
        bounds_in(came.filter(pc.equal(came["source_system"], name)), build.lake.source(name))("") for name in sources
    ]
    there = build.at(SALES, span.old).where(reduce(SparkColumn.__or__, where, F.lit(False)))
    return there.join(F.broadcast(come.select(*KEYS)), list(KEYS), "left_semi")
