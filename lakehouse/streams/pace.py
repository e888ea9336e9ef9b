"""How a job on events goes: how often batches begin, and how large they are.

In: nothing. Out: a declaration. Guaranteed: nothing more.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """With `every` (seconds) None what is there now is taken, and no more; `most` offsets a batch, or about so many."""

    every: float | None
    most: int
