"""`python -m benchmarks [NAMES] [--small] [--json]`: run benches and print what they found.

In: names of benches, none for all. Out: tables, or one JSON document on standard output; progress on standard
error. Guaranteed: everything is written below one folder, removed at the end unless it was named.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click

from benchmarks.report import Report, document, show
from lakehouse.errors import JobError

BENCHES = {
    "help": "answer",
    "road": "road",
    "increment": "increment",
    "changes": "changes",
    "publish": "publish",
    "bucket": "bucket",
    "stream": "stream",
    "events": "events",
}
"""A bench's name → its module here."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHES)))
@click.option("--small", is_flag=True, help="Thousands of rows: to see that it works; the figures say little.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--folder", type=click.Path(path_type=Path), help="Work here and leave it; it must be empty.")
def main(names: tuple[str, ...], small: bool, as_json: bool, folder: Path | None) -> None:
    """Measure what the road costs."""
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty: name another folder")
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as temporary:
        reports = [_run(name, folder or Path(temporary), small, as_json) for name in names or BENCHES]
    if as_json:
        click.echo(document(reports, small))


def _run(name: str, folder: Path, small: bool, as_json: bool) -> Report:
    click.echo(f"bench {name} ({os.cpu_count()} cores, load {os.getloadavg()[0]:.1f})", err=True)
    bench: Callable[[Path, bool], Report] = import_module(f"benchmarks.{BENCHES[name]}").bench
    own = (folder / name).absolute()
    own.mkdir(parents=True)
    try:
        report = bench(own, small)
    except JobError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    if not as_json:
        show(report)
    return report


if __name__ == "__main__":
    main()
