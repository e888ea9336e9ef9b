"""A span of landed messages judged once more, because somebody asks for it: a batch of kind `replay`.

In: offsets or moments. Out: the accounting of the batch. Guaranteed: only messages that silver knows are taken; under
unchanged rules nothing but the accounting changes.
"""

from pyspark.sql import SparkSession

from lakehouse.bronze.messages import Asked, rest_of, those_of
from lakehouse.errors import UsageError
from lakehouse.ops import accounting
from lakehouse.ops.accounting import REPLAY, Accounting
from lakehouse.ops.spans import Spans
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import own_jvm
from lakehouse.runtime.storage import Say
from lakehouse.silver import SALES
from lakehouse.silver.job import finish_begun, process_messages
from lakehouse.silver.messages import known_of


def replayable(lake: Lake, topic: str, asked: Asked) -> Spans:
    """The messages that are asked for, of those that silver knows.

    Raises:
        UsageError: there is none, or a gate holds some of them.
    """
    known = known_of(lake, topic)
    found = {}
    for rest in those_of(lake, topic, asked):
        first, last = known.spans.ranges.get(rest.partition, (0, -1))
        if rest.first <= min(rest.last, last):
            found[rest.partition] = (max(rest.first, first), min(rest.last, last))
    if not found:
        landed = sum(rest.messages for rest in rest_of(lake, topic, {}))
        raise UsageError(
            f"no such message of topic {topic} is in silver: {landed} have landed; lakehouse stream status "
            "tells how far they are, and lakehouse stream silver --once brings them there"
        )
    spans = Spans(topic=topic, ranges=found)
    if any(_overlap(spans, held) for held in known.held):
        raise UsageError("a gate holds some of these messages: lakehouse status tells which batch, and what to do")
    return spans


def _overlap(one: Spans, other: Spans) -> bool:
    shared = one.ranges.keys() & other.ranges.keys()
    return any(one.ranges[n][0] <= other.ranges[n][1] and other.ranges[n][0] <= one.ranges[n][1] for n in shared)


def judge_again(
    spark: SparkSession, lake: Lake, spans: Spans, *, wait: bool = True, say: Say = lambda _: None
) -> Accounting:
    """Judge the messages once more.

    Raises:
        JobError: the batch failed; asking again begins anew.
    """
    with lake.lease(SALES, wait=wait, say=say) as held:
        held.guard(own_jvm())
        finish_begun(spark, lake, held)
        before = accounting.read(lake, kind=REPLAY, topic=spans.topic, offsets=spans.offsets)
        return process_messages(spark, lake, REPLAY, spans, held, generation=len(before))
