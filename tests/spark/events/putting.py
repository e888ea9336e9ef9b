"""Messages straight into bronze, without a broker, and from there into silver.

Values with their places flow in; rows of `bronze.sales_events` and accountings flow out.
"""

import json
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.bronze import EVENTS
from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake
from lakehouse.streams.pace import Pace
from lakehouse.streams.silver.job import Job, Processed, process_events

Place = tuple[int, int]

ROW: dict[str, Any] = {
    "order_id": "O-1",
    "order_date": "2024-01-01",
    "customer_id": "C-1",
    "city": "Graz",
    "state": "Styria",
    "country": "Austria",
    "product_id": "P-1",
    "sales": "2.50",
    "quantity": 1,
}


def event(row_id: str, at: datetime, op: str = "upsert", **row: Any) -> bytes:
    """An event about a line."""
    told = {"row_id": row_id} | ({} if op == "delete" else ROW | row)
    around = {"schema_version": 1, "event_id": "e", "event_time": at.isoformat(), "op": op}
    return json.dumps(around | {"row": told}).encode()


def put(lake: Lake, values: dict[Place, bytes | None], sent: datetime, topic: str = "sales") -> None:
    """Land messages, by partition and offset; `sent` is Kafka's time of all of them."""
    rows = [
        {
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "timestamp": sent,
            "value": value,
            "landing_day": sent.date(),
            "landed_at": sent,
            "_batch_id": "test",
        }
        for (partition, offset), value in values.items()
    ]
    tables.append(lake, EVENTS, rows)


def processed(spark: SparkSession, lake: Lake, topic: str = "sales", most: int = 1_000) -> Processed:
    """What is landed of the topic, brought to silver."""
    done = Processed(topic=topic)
    pace = Pace(every=None, most=most)
    process_events(Job(session=lambda: spark, lake=lake, topic=topic, pace=pace, done=done, stop=threading.Event()))
    return done


def not_ok(findings: Sequence[Any]) -> list[str]:
    """The promises of the findings that do not hold."""
    return [one.promise for one in findings if not one.ok]
