"""What a check of a promise found.

In: what was checked, and rows that speak against the promise. Out: a `Finding`. Guaranteed: a promise holds if
and only if nothing speaks against it; at most five rows are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EXAMPLES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One promise on what is there: whether it holds, what was checked, and rows that speak against it."""

    promise: str
    ok: bool
    told: str
    examples: tuple[Mapping[str, Any], ...] = ()


def finding(promise: str, told: str, wrong: Sequence[Mapping[str, Any]]) -> Finding:
    """The finding of a check; `wrong` are the rows that speak against the promise."""
    return Finding(promise=promise, ok=not wrong, told=told, examples=tuple(wrong[:EXAMPLES]))
