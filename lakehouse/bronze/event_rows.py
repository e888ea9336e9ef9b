"""Landed messages as rows: what each says as texts with its provenance, read inside Spark tasks.

In: messages of `bronze.sales_events` and the schema of their events. Out: a DataFrame with a row per message and the
columns of `lakehouse.bronze.rows`, `recorded_at`, `is_deleted` and `_noticed` (what only warns) among them.
Guaranteed: no message is left out, whatever is wrong with it; texts are normalised as those of files are.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from lakehouse.bronze.event_fields import told
from lakehouse.bronze.kafka_time import moment_at
from lakehouse.bronze.normalise import changed_columns, normalise
from lakehouse.contract.derive.event_schema import EventSchema
from lakehouse.contract.reasons import UNKNOWN_FIELD

if TYPE_CHECKING:  # loaded where a session is
    from pyspark.sql import DataFrame

OF_A_MESSAGE = (
    "_topic string, _partition bigint, _offset bigint, _raw string, _raw_bytes binary, _error string, "
    "_blank boolean, _normalised string, _noticed string, recorded_at timestamp, is_deleted boolean"
)


def event_rows(messages: "DataFrame", schema: EventSchema) -> "DataFrame":
    """What the messages say; columns as the module says."""
    texts = ", ".join(f"`{field.name}` string" for field in schema.row)

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return (_rows(batch, schema) for batch in batches)

    wanted = messages.select("topic", "partition", "offset", "timestamp", "value")
    return wanted.mapInArrow(read, f"{OF_A_MESSAGE}, {texts}")


def _rows(messages: pa.RecordBatch, schema: EventSchema) -> pa.RecordBatch:
    values, timestamps = messages.column("value").to_pylist(), _moments(messages.column("timestamp"))
    said = [told(value, at, schema) for value, at in zip(values, timestamps, strict=True)]
    row = pa.struct([(field.name, pa.string()) for field in schema.row])
    texts: dict[str, pa.Array] = {}
    masks: dict[str, pa.Array] = {}
    for field, column in zip(schema.row, pa.array([one.texts for one in said], row).flatten(), strict=True):
        texts[field.name], mask = normalise(column)
        if mask is not None:
            masks[field.name] = mask
    recorded = [one.event_time or at for one, at in zip(said, timestamps, strict=True)]
    columns = {
        "_topic": messages.column("topic"),
        "_partition": messages.column("partition"),
        "_offset": messages.column("offset"),
        **_raw(values),
        "_error": pa.array([",".join(one.faults) or None for one in said], pa.string()),
        "_blank": pa.array([False] * len(said)),
        "_normalised": changed_columns(len(said), masks),
        "_noticed": pa.array([UNKNOWN_FIELD if one.unknown else "" for one in said]),
        "recorded_at": pa.array(recorded, pa.timestamp("us", "UTC")),
        "is_deleted": pa.array([one.is_deleted for one in said]),
    }
    return pa.RecordBatch.from_pydict({**columns, **texts})


def _moments(timestamps: pa.Array) -> list[datetime]:
    return [moment_at(at) for at in timestamps.cast(pa.int64()).to_pylist()]


def _raw(values: Sequence[bytes | None]) -> dict[str, pa.Array]:
    """The values as text; those that are none, as bytes."""
    texts = [_decoded(value) for value in values]
    kept = [value if text is None else None for value, text in zip(values, texts, strict=True)]
    return {"_raw": pa.array(texts, pa.string()), "_raw_bytes": pa.array(kept, pa.binary())}


def _decoded(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None
