"""What a store refuses to delta-rs, in our own words.

In: what is done to a Delta table, or to files of Parquet, without Spark. Out: its errors as the store tells them.
Guaranteed: nothing of delta-rs's words is kept, nor that they were said: they hold the body of the store's answer, in
which some stores repeat a token.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from lakehouse.errors import JobError, LostError
from lakehouse.runtime.explained import lost
from lakehouse.runtime.storage import Store


@contextmanager
def in_our_words(store: Store, location: str) -> Iterator[None]:
    """For the length of a block that asks delta-rs and nothing else.

    Raises:
        JobError: the store does not answer, or refuses.
        LostError: a file that the table needs is gone.
    """
    refusal: JobError | None = None
    try:
        yield
    except (TableNotFoundError, CommitFailedError):
        raise
    except Exception as error:
        if _is_of_a_store(error):
            refusal = _gone(location, str(error)) or store.refusal(location)
        if refusal is None:
            raise
    if refusal is not None:
        raise refusal from None


def batches(store: Store, location: str, asked: Callable[[], Iterable[Any]]) -> Iterator[pa.RecordBatch]:
    """The rows of a query, a batch at a time in memory; what goes wrong with who takes them is told by itself."""
    with in_our_words(store, location):
        yield from map(pa.record_batch, asked())


def _gone(location: str, said: str) -> LostError | None:
    """A file is named by its place below the bucket alone, so that the table's is named, too."""
    told = lost(said)
    return told and LostError(f"{location}: {told}")


def _is_of_a_store(error: Exception) -> bool:
    """Whether an error may be a refusal: of rows that are on their way delta-rs raises what Arrow has for any error."""
    of_rows = isinstance(error, pa.ArrowException) and "Object Store error" in str(error)
    return of_rows or isinstance(error, OSError | DeltaError) or type(error) is Exception
