"""What release follows from what is there.

In: silver's log, the newest complete release and one under way, the logs of gold's tables. Out: the release to build,
or none. Guaranteed: no data is read and no Spark loaded: where nothing is pending, nobody waits for it.
"""

from lakehouse.gold.commits import signatures_since
from lakehouse.gold.release import FULL, GOLD_TABLES, STEP, Release, intended, newest, rule_fingerprint, under_way
from lakehouse.gold.span import span_between
from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake
from lakehouse.silver import SALES


def is_pending(lake: Lake) -> bool:
    """Whether a release is to be made or finished; asks no Spark."""
    version = tables.version(lake, SALES)
    return version is not None and (
        under_way(lake) is not None or next_release(lake, newest(lake), version) is not None
    )


def can_go_on(lake: Lake, begun: Release, base: Release | None) -> bool:
    """Whether a release under way still follows from the newest complete one and today's rules."""
    follows = begun.previous == (base.release_id if base else None)
    sound = begun.kind == FULL or (base is not None and as_released(lake, base, begun.release_id))
    return follows and sound and begun.rule_fingerprint == rule_fingerprint(lake) and not begun.expired


def next_release(lake: Lake, base: Release | None, version: int) -> Release | None:
    """The release to build; None where silver, rules and tables are as the newest one has them."""
    if base is None or base.expired or base.rule_fingerprint != rule_fingerprint(lake):
        return intended(lake, base, version, FULL)
    if not as_released(lake, base, None):
        return intended(lake, base, version, FULL)
    return None if span_between(lake, base.silver_version, version).empty else intended(lake, base, version, STEP)


def as_released(lake: Lake, base: Release, also: str | None) -> bool:
    """Whether each table is there, and none has rows that neither the release nor the one named wrote."""
    signatures = (signatures_since(lake, table, base.versions[table]) for table in GOLD_TABLES)
    return all(found is not None and set(found) <= {also} - {None} for found in signatures)
