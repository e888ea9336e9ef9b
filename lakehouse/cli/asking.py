"""Questions before what cannot be undone: somebody must be there, and say yes.

In: what would be done. Out: nothing, where a person agrees. Guaranteed: without a person, and after a no, nothing
was changed.
"""

import sys

import click

from lakehouse.cli.show import say, still
from lakehouse.errors import UsageError


def attended(to: str) -> None:
    """Go on where a person can be asked.

    Args:
        to: what --yes would do, for the sentence.

    Raises:
        UsageError: standard input is no terminal.
    """
    if not sys.stdin.isatty():
        raise UsageError(f"nobody is there to be asked: say --yes to {to}")


def agreed(question: str) -> None:
    """Go on where a person says yes; else say that nothing happened and end with exit code 1."""
    with still():
        if not click.confirm(question, err=True):
            say("nothing was changed")
            raise click.exceptions.Exit(1)
