"""Promise 2 for messages: every one that has landed, up to where silver is, is in the books once.

In: the table of messages, the accounting. Out: a finding, and what the rebuild of silver needs of messages that have
expired. Guaranteed: nothing is changed; messages that have expired are left out, batches they were in with them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import pairwise

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.messages import messages_within, rest_of
from lakehouse.ops.accounting import EVENTS, Accounting
from lakehouse.ops.spans import Spans, begins_of
from lakehouse.quality.findings import Finding, finding
from lakehouse.runtime.lake import Lake
from lakehouse.silver.messages import Known


def messages_conserved(lake: Lake, batches: Sequence[Accounting]) -> Finding:
    """Batches follow each other without a gap or an overlap, and hold as many rows as there are messages."""
    of_topic: dict[str, list[Accounting]] = {}
    for batch in batches:
        if batch.kind == EVENTS and batch.topic is not None:
            of_topic.setdefault(batch.topic, []).append(batch)
    wrong = [row for topic, those in sorted(of_topic.items()) for row in _wrong(lake, topic, those)]
    rows = sum(batch.rows_in for those in of_topic.values() for batch in those)
    return finding("messages are conserved", f"{rows} message(s) of {len(of_topic)} topic(s)", wrong)


def _wrong(lake: Lake, topic: str, batches: Sequence[Accounting]) -> Iterator[dict[str, object]]:
    told = [(batch.spans, batch) for batch in batches if batch.spans]
    for number, first, end in _seams(spans for spans, _ in told):
        yield {"topic": topic, "partition": number, "a batch ends before": end, "the next begins at": first}
    kept = {rest.partition: rest.first for rest in rest_of(lake, topic, {})}
    for number, begin in begins_of(spans for spans, _ in told).items():
        if (first := kept.get(number, begin)) < begin:  # no batch will come for it: those to come begin at the end
            yield {"topic": topic, "partition": number, "landed from": first, "the first batch begins at": begin}
    whole = [(spans, batch) for spans, batch in told if not _touched(spans, kept)]
    landed = messages_within(lake, topic, _joined(spans for spans, _ in whole))
    accounted = sum(batch.rows_in for _, batch in whole)
    if landed != accounted:
        yield {"topic": topic, "landed": landed, "accounted": accounted}


def _touched(spans: Spans, kept: Mapping[int, int]) -> bool:
    """Whether a message of theirs has expired."""
    return any(first < kept.get(number, last + 1) for number, (first, last) in spans.ranges.items())


def _by_partition(every: Iterable[Spans]) -> dict[int, list[tuple[int, int]]]:
    """The ranges of all spans in their order."""
    ranges: dict[int, list[tuple[int, int]]] = {}
    for spans in every:
        for number, one in spans.ranges.items():
            ranges.setdefault(number, []).append(one)
    return {number: sorted(of) for number, of in sorted(ranges.items())}


def _seams(every: Iterable[Spans]) -> Iterator[tuple[int, int, int]]:
    """Where a range does not begin where the one before it ends: partition, its begin, and that end."""
    for number, ranges in _by_partition(every).items():
        for (_, last), (first, _) in pairwise(ranges):
            if first != last + 1:
                yield number, first, last + 1


def _joined(every: Iterable[Spans]) -> list[tuple[int, int, int]]:
    """The fewest ranges that hold the same offsets: partition, first, last."""
    found: list[tuple[int, int, int]] = []
    for number, ranges in _by_partition(every).items():
        for first, last in ranges:
            if found and found[-1][0] == number and found[-1][2] + 1 >= first:
                found[-1] = (number, found[-1][1], max(last, found[-1][2]))
            else:
                found.append((number, first, last))
    return found


def expired(known: Known) -> SparkColumn:
    """Whether a row of silver stands as a message said that is gone."""
    gone = [(F.col("_partition") == number) & (F.col("_offset") < first) for number, first in known.gone.items()]
    return (F.col("_topic") == F.lit(known.spans.topic)) & reduce(SparkColumn.__or__, gone)


def standing_of(sales: DataFrame, known: Sequence[Known]) -> DataFrame | None:
    """The rows of silver that stand as messages said which are gone; None where none has expired."""
    those = [expired(one) for one in known if one.gone]
    return sales.where(reduce(SparkColumn.__or__, those)) if those else None
