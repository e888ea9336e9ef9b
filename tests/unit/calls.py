"""How a command of the command line ended that was called in this process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """What standard error says without lines of progress."""
        return self.err.strip().removeprefix("error: ")


Command = Callable[..., Ended]
"""`lakehouse` with these arguments."""


def nothing_happened(home: Path) -> bool:
    """Whether nothing has landed; that a run was tried and failed may be on record."""
    return not (home / "bronze").exists() and not (home / "ops" / "landed_files").exists()
