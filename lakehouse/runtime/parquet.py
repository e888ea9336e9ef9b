"""Folders of Parquet files, read and written without Spark, in any store.

In: a store and a location in it. Out: rows by Arrow. Guaranteed: what is written is one file of one name, so that it
takes the place of what was written there before; what the store refuses is told in our own words.
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa
from pyarrow.dataset import Dataset, dataset, field
from pyarrow.parquet import ParquetWriter

from lakehouse.runtime.refused import in_our_words
from lakehouse.runtime.storage import Store

FILE = "part-0.parquet"


def parquet_batches(store: Store, location: str) -> pa.RecordBatchReader:
    """The rows of a folder of Parquet files, in batches."""
    return _opened(store, location).scanner().to_reader()


def parquet_columns(store: Store, location: str, columns: Sequence[str]) -> pa.Table:
    """These columns of a folder of Parquet files, all where none is named; `was.day` is a field of a column `was`."""
    with in_our_words(store, location):
        there = _opened(store, location)
        return there.to_table({name: field(*name.split(".")) for name in columns or there.schema.names})


def write_parquet(store: Store, location: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write rows to a file in a folder, in place of what was written there before."""
    with store.written(f"{location}/{FILE}") as file, ParquetWriter(file, schema) as writer:
        for batch in batches:
            writer.write_batch(batch.cast(schema))


def _opened(store: Store, location: str) -> Dataset:
    return dataset(store.path_of(location), format="parquet", filesystem=store.filesystem)
