"""One life of the streaming query: from offsets that the table gave, until it is told to stop or has drained the topic.

In: a sink and where to begin. Out: nothing but what the sink landed. Guaranteed: its checkpoint serves this life alone,
and those of former lives are removed; who asks to stop waits for the batch under way.
"""

import json
import threading
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from lakehouse.runtime.lake import Lake
from lakehouse.streams.bronze.sink import Sink
from lakehouse.streams.connection import spark_options
from lakehouse.streams.pace import Pace as Pace

POLL_SECONDS = 1

OF_SOURCE = {
    "kafka.isolation.level": "read_committed",
    "includeHeaders": "true",
    "failOnDataLoss": "true",
    "groupIdPrefix": "lakehouse-bronze",
    # Else a broker that is gone is noticed after three minutes.
    "kafka.request.timeout.ms": "10000",
    "kafka.default.api.timeout.ms": "12000",
    "kafkaConsumer.pollTimeoutMs": "15000",
    "fetchOffset.numRetries": "1",
    # Else 500 messages are taken at once, of at most 1 MB a partition.
    "kafka.max.poll.records": "10000",
    "kafka.max.partition.fetch.bytes": str(8 * 1024**2),
    "kafka.fetch.max.bytes": str(64 * 1024**2),
}


def checkpoints(lake: Lake) -> str:
    """Where the query of each life keeps its checkpoint; on a cluster its executors must see it."""
    return f"{lake.scratch.root}/streams/bronze"


def run_query(spark: SparkSession, lake: Lake, sink: Sink, pace: Pace, stop: threading.Event) -> None:
    """Land until the topic is drained, or `stop` is set.

    Raises:
        StreamingQueryException: Spark's source failed, or the sink, which knows why.
    """
    lake.scratch.remove_tree(checkpoints(lake))
    query = _started(spark, lake, sink, pace)
    try:
        while not query.awaitTermination(POLL_SECONDS):
            if stop.is_set():
                break
    finally:
        _end(query, sink)
        lake.scratch.remove_tree(checkpoints(lake))


def _started(spark: SparkSession, lake: Lake, sink: Sink, pace: Pace) -> StreamingQuery:
    begin = {sink.landed.topic: {str(number): offset for number, offset in sink.begin.items()}}
    messages = (
        spark.readStream.format("kafka")
        .options(**OF_SOURCE, **spark_options(lake.settings))
        .option("subscribe", sink.landed.topic)
        .option("startingOffsets", json.dumps(begin))
        .option("maxOffsetsPerTrigger", str(pace.most))
        .option("minPartitions", str(lake.settings.spark.shuffle_partitions))
        .load()
    )
    trigger: dict[str, Any] = {"availableNow": True}
    if pace.every is not None:
        trigger = {"processingTime": f"{round(pace.every * 1000)} milliseconds"}
    writer = messages.writeStream.queryName("bronze").foreachBatch(sink).trigger(**trigger)
    return writer.option("checkpointLocation", f"{checkpoints(lake)}/{sink.life}").start()


def _end(query: StreamingQuery, sink: Sink) -> None:
    """Let the batch under way be finished, and begin no other."""
    sink.stopping.set()
    sink.idle.wait()
    query.stop()
