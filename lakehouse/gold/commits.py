"""Commits of gold's tables: signed with the release that made them, and found again in the log.

In: a table's log. Out: the `userMetadata` of its commits. Guaranteed: after a kill the log tells,
of each table, whether the release under way has written it already.
"""

from lakehouse.gold.span import HOUSEKEEPING
from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake


def signatures_since(lake: Lake, table: str, version: int) -> list[str | None] | None:
    """The ids of the commits after a version that may have changed rows, newest first; None for one without.

    None as a whole where there is no table.
    """
    commits = tables.history(lake, table, version)
    if commits is None:
        return None
    return [commit.get("userMetadata") for commit in commits if commit["operation"] not in HOUSEKEEPING]
