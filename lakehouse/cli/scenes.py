"""A demo as scenes: what is about to be seen, in plain words, and the commands that show it.

In: scenes. Out: what the commands print, run one after the other in this process. Guaranteed: a command that fails ends
it.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from lakehouse.cli.show import heading, sentence


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """One screen: what is about to be seen, in plain words, and the commands that show it."""

    title: str
    words: str
    commands: tuple[tuple[str, ...], ...]


def play(env: str | None, scenes: Sequence[Scene], first: int = 1, of: int | None = None) -> None:
    """Show scenes one after the other, numbered from `first` on.

    Raises:
        click.exceptions.Exit: a command did not end with 0.
    """
    for number, scene in enumerate(scenes, first):
        heading(f"{number}/{of or len(scenes)}  {scene.title}", scene.words)
        for command in scene.commands:
            run_command(env, command)


def near(path: Path) -> str:
    """The path from where we are, if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def run_command(env: str | None, command: tuple[str, ...]) -> None:
    """Say a command as one would type it, and run it.

    Raises:
        click.exceptions.Exit: it did not end with 0.
    """
    from lakehouse.cli.main import cli

    sentence(f"$ {shlex.join(('lakehouse', *command))}")
    code = cli.main([*(("--env", env) if env else ()), *command], prog_name="lakehouse", standalone_mode=False)
    if code:
        raise click.exceptions.Exit(code)
