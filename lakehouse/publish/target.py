"""Where a release goes: a session of the warehouse, the lakehouse it comes from, and the publisher's lease.

In: an open connection. Out: one value that every step of publishing is given.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakehouse.runtime.lake import Lake
from lakehouse.runtime.storage import Lease

if TYPE_CHECKING:
    from snowflake.connector.cursor import SnowflakeCursor


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a release goes: a session of the warehouse, the lakehouse, and the publisher's lease."""

    cursor: "SnowflakeCursor"
    lake: Lake
    held: Lease

    def run(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        return self.cursor.execute(statement, values).fetchall()  # type: ignore[union-attr]
