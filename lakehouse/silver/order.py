"""The total order of statements about one sale line: which of two wins.

The greatest by (recorded_at, is_deleted, content_hash). No clock, no order of arrival: that is why landings
and events may come in any order, any batching and any repetition (promise 4).
"""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

KEYS = ("source_system", "sale_id")
"""What makes statements speak of one sale line."""

SEQUENCE = ("recorded_at", "is_deleted", "_content_hash")


def rank(prefix: str = "", content_hash: SparkColumn | None = None) -> SparkColumn:
    """The order of a statement as one comparable value, from columns with `prefix` before their names."""
    digest = F.col(f"{prefix}_content_hash") if content_hash is None else content_hash
    return F.struct(
        F.col(f"{prefix}recorded_at").alias("recorded_at"),
        F.col(f"{prefix}is_deleted").alias("is_deleted"),
        digest.alias("_content_hash"),
    )
