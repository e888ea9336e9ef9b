"""`lakehouse withdraw`: a file landed by mistake is taken back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lakehouse.cli.asking import agreed, attended
from lakehouse.cli.load import AS_JSON, NO_WAIT, SOURCE, published_told, release_told
from lakehouse.cli.show import document, sentence, table, working

if TYPE_CHECKING:  # loaded when the command runs
    from lakehouse.road import TakenBack
    from lakehouse.silver.taking_back import Standing


@click.command()
@SOURCE
@click.option("--as-of", help="Only the landing as of then, where a file has landed as of several moments.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@NO_WAIT
@AS_JSON
@click.argument("files", nargs=-1, required=True)
@click.pass_obj
def withdraw(
    env: str | None, source: str, as_of: str | None, yes: bool, no_wait: bool, as_json: bool, files: tuple[str, ...]
) -> int:
    """Take back FILES landed by mistake: silver and gold become as if they had never come.

    A file goes by its path, by its name where it is gone, or by its landing_id. Its bytes stay in bronze; landing it
    again brings it back.
    """
    from lakehouse import road

    def agree(found: "Sequence[Standing]") -> None:
        if not yes:
            _ask(found)

    with working() as say:
        done = road.take_back(env, source, files, as_of=as_of, agree=agree, wait=not no_wait, say=say)
    if as_json:
        went = {"ok": True, "withdrawal": done.withdrawal}
        document({**went, "release": done.release, "new_release": done.new_release, "published": done.published})
    else:
        _tell(done)
    return 0


def _ask(found: "Sequence[Standing]") -> None:
    """Say what will change, and go on only where a person agrees."""
    attended("take the file(s) back")
    for one in found:
        told = f"{one.landing.file_name}, as of {one.landing.as_of:%Y-%m-%d %H:%M} UTC: {one.lines} line(s) stand so"
        click.echo(told, err=True)
    agreed("Each goes back to what is said without these files, or leaves silver and gold. Take them back?")


def _tell(done: "TakenBack") -> None:
    if done.withdrawal is None:
        sentence("these files are withdrawn already: nothing to do")
        return
    rows = [(one.landing.file_name, one.landing.as_of, one.lines) for one in done.landings]
    table("Withdrawn", ["file", "as of", "lines that stood so"], rows)
    sentence(f"silver: {done.withdrawal.restored} line(s) restored, {done.withdrawal.removed} removed")
    if done.release is not None:
        sentence(release_told(done.release, done.new_release), good=True)
    if done.published is not None:
        sentence(published_told(done.published), good=True)
