"""Folders of Parquet files, read and written without Spark, in any store.

In: a store and a location in it. Out: rows by Arrow. Guaranteed: a folder that is written takes the place of what was
there.
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa
from pyarrow.dataset import Dataset, dataset, field, write_dataset

from lakehouse.runtime.storage import Store


def parquet_batches(store: Store, location: str) -> pa.RecordBatchReader:
    """The rows of a folder of Parquet files, in batches."""
    return _opened(store, location).scanner().to_reader()


def parquet_columns(store: Store, location: str, columns: Sequence[str]) -> pa.Table:
    """These columns of a folder of Parquet files, all where none is named; `was.day` is a field of a column `was`."""
    there = _opened(store, location)
    return there.to_table({name: field(*name.split(".")) for name in columns or there.schema.names})


def write_parquet(store: Store, location: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write rows to a folder of Parquet files, in place of what is there."""
    typed = (batch.cast(schema) for batch in batches)
    reader = pa.RecordBatchReader.from_batches(schema, typed)
    write_dataset(
        reader,
        store.path_of(location),
        format="parquet",
        filesystem=store.filesystem,
        existing_data_behavior="delete_matching",
        create_dir=store.has_folders,
    )


def _opened(store: Store, location: str) -> Dataset:
    return dataset(store.path_of(location), format="parquet", filesystem=store.filesystem)
