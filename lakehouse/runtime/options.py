"""What a Spark session is told for a while.

In: options. Out: a block in which they hold. Guaranteed: afterwards each is as it was before, also what the session
was started with.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded where a session is
    from pyspark.sql import SparkSession


@contextmanager
def options_set(spark: "SparkSession", options: Mapping[str, str]) -> Iterator[None]:
    """The options hold inside."""
    before = {name: spark.conf.get(name, None) for name in options}
    try:
        for name, value in options.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, old in before.items():
            if old is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, old)
