"""What a request for a withdrawal means, before anything is done.

In: names of files. Out: their landings, and how many lines stand as each says. Guaranteed: reads only, without
Spark; a request that could mean several things is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lakehouse.bronze import ledger
from lakehouse.bronze.ledger import EXPIRED, LANDED, WITHDRAWN, Landing
from lakehouse.contract.model import Source
from lakehouse.errors import UsageError
from lakehouse.ops import tables
from lakehouse.runtime.lake import Lake
from lakehouse.silver import SALES


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A landing that may be taken back, and how many lines of silver stand as it says."""

    landing: Landing
    lines: int


def standing(lake: Lake, source: Source, names: Sequence[str], as_of: datetime | None) -> list[Standing]:
    """The landings that the names mean, each once; those taken back already are left out.

    Args:
        names: of files, as they are or as the ledger has them, or ids of landings.
        as_of: only the landings as of then.

    Raises:
        UsageError: a name means no landing of the source, files of different content, or one that has expired.
    """
    known = [one for one in ledger.read(lake, source=source.name) if one.status in (LANDED, WITHDRAWN, EXPIRED)]
    found: dict[str, Landing] = {}
    for name in names:
        meant = [one for one in ledger.called(known, name) if as_of in (None, one.as_of)]
        if not meant:
            raise UsageError(f"no landing of {source.name} is {name!r}: give the file, its name, or a landing_id")
        if len({one.sha256 for one in meant}) > 1:
            told = ", ".join(f"{one.landing_id} (as of {one.as_of:%Y-%m-%d %H:%M})" for one in meant)
            raise UsageError(f"{name} has landed with different contents: name one of the landings {told}")
        if gone := [one for one in meant if one.status == EXPIRED]:
            raise UsageError(f"{name} cannot be taken back: its raw file {gone[0].reason}")
        found |= {one.landing_id: one for one in meant if one.status == LANDED}
    return [Standing(landing=one, lines=_lines(lake, one)) for one in found.values()]


def _lines(lake: Lake, landing: Landing) -> int:
    counts = tables.count_by(lake, SALES, "recorded_at", source_system=[landing.source], _source_file=[landing.path])
    return counts.get(landing.as_of, 0)
