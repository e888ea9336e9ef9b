"""What became of the events of `lakehouse produce`, counted while it runs.

In: transactions as they end. Out: a sentence, or a document for machines. Guaranteed: nothing counts as committed that
is not known to be.
"""

from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from lakehouse.cli.show import shown

if TYPE_CHECKING:  # loaded when the command runs
    from lakehouse.streams.producer import Ended
    from lakehouse.streams.transactions import Outcome

SAY_SECONDS = 1.0
"""Progress is told at most so often."""


class Tally:
    """What became of the events so far."""

    def __init__(self) -> None:
        self._ended: Counter[str] = Counter()
        self._transactions: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._began = self._said = monotonic()
        self._last: Ended | None = None

    @property
    def sent(self) -> int:
        """Events of all transactions."""
        return self._ended.total()

    @property
    def unanswered(self) -> "Outcome | None":
        """How the last transaction ended, where its commit was not answered."""
        return self._last.outcome if self._last and not self._last.confirmed else None

    @property
    def unknown(self) -> int:
        """Events of a transaction whose end nobody knows."""
        return self._ended["unknown"]

    def add(self, ended: "Ended") -> None:
        """Count one transaction."""
        self._last = ended
        self._transactions[ended.outcome] += 1
        self._ended[ended.outcome] += len(ended.messages)
        if ended.outcome == "committed":
            self._kinds.update(message.kind for message in ended.messages)

    def say(self, say: Callable[[str], None]) -> None:
        """Tell so, where it was not told just now."""
        if monotonic() - self._said >= SAY_SECONDS:
            self._said = monotonic()
            say(self.told())

    def told(self) -> str:
        """`1 000 events in 10 transactions are committed`, and those that are not."""
        told = f"{shown(self._ended['committed'])} events in {shown(self._transactions['committed'])} transactions"
        lost = [f"{shown(self._ended[end])} {end}" for end in ("aborted", "unknown") if self._ended[end]]
        return ", ".join([f"{told} are committed", *lost])

    def document(self) -> dict[str, object]:
        """The same for machines."""
        ends = ("committed", "aborted", "unknown")
        return {
            **{end: self._ended[end] for end in ends},
            "transactions": {end: self._transactions[end] for end in ends},
            "kinds": dict(sorted(self._kinds.items())),
            "seconds": round(monotonic() - self._began, 3),
        }
