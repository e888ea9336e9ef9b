"""How a command of the command line ended that was called in this process."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakehouse.cli.main import main


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


def calling(capfd: pytest.CaptureFixture[str]) -> Command:
    """Calls the command line as the installed command does, in this process."""

    def command(*arguments: object) -> Ended:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        told = capfd.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        assert "Traceback" not in told.err + told.out
        return Ended(code=code, out=told.out, err=told.err)

    return command


class Person:
    """Standard input with somebody at it."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return self.answer + "\n"


def nothing_happened(home: Path) -> bool:
    """Whether nothing has landed; that a run was tried and failed may be on record."""
    return not (home / "bronze").exists() and not (home / "ops" / "landed_files").exists()


def printed_without_pyspark(*command: str) -> str:
    """What a command prints in a process of its own, which has not loaded pyspark at its end."""
    code = (
        "import sys\nfrom lakehouse.cli.main import main\n"
        f"try:\n    main({[*command]!r})\nfinally:\n    assert 'pyspark' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
