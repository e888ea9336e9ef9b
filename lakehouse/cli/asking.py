"""Questions before what cannot be undone: somebody must be there, and say yes.

In: what would be done. Out: nothing, where a person agrees. Guaranteed: without a person, and after a no, nothing
was changed.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lakehouse.cli.show import printable, say, shown, still
from lakehouse.errors import UsageError

if TYPE_CHECKING:  # loaded when a command runs
    from lakehouse.care.audit import Unknown

ASKED_ABOUT = 20
"""So many objects are named in a question at most."""


def attended(to: str) -> None:
    """Go on where a person can be asked.

    Args:
        to: what --yes would do, for the sentence.

    Raises:
        UsageError: standard input is no terminal.
    """
    if not sys.stdin.isatty():
        raise UsageError(f"nobody is there to be asked: say --yes to {to}")


def agreed_to_remove(unknown: "Sequence[Unknown]", whose: str) -> None:
    """Say what will be removed, and go on only where a person agrees.

    Args:
        unknown: the objects.
        whose: what is said of them, after "what" and before "these".
    """
    attended(f"remove what {whose}")
    for one in unknown[:ASKED_ABOUT]:
        click.echo(f"{printable(one.path)}: {shown(one.size)} byte(s)", err=True)
    if len(unknown) > ASKED_ABOUT:
        click.echo(f"and {len(unknown) - ASKED_ABOUT} more", err=True)
    agreed(f"{whose[0].upper()}{whose[1:]} these {len(unknown)} object(s). Remove them for good?")


def agreed(question: str) -> None:
    """Go on where a person says yes; else say that nothing happened and end with exit code 1."""
    with still():
        if not click.confirm(question, err=True):
            say("nothing was changed")
            raise click.exceptions.Exit(1)
