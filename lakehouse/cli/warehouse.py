"""`lakehouse publish`, `query` and `warehouse`: gold in the warehouse, asked and served."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehouse.cli.load import AS_JSON, FULL, NO_WAIT, published_told
from lakehouse.cli.show import document, sentence, shown, working

if TYPE_CHECKING:  # loaded when a command runs
    from lakehouse.publish.emulator import Server
    from lakehouse.publish.job import Published
    from lakehouse.runtime.settings import Settings

SHOWN_ROWS = 100


@click.command()
@FULL
@NO_WAIT
@AS_JSON
@click.pass_obj
def publish(env: str | None, full: bool, no_wait: bool, as_json: bool) -> int:
    """Bring the newest release of gold to the warehouse, all its tables in one transaction, and reconcile it."""
    from lakehouse import road

    with working() as say:
        done = road.to_warehouse(env, full=full, wait=not no_wait, say=say)
    return published(done, as_json)


def published(done: "Published | None", as_json: bool) -> int:
    """Print what was published; the exit code."""
    if as_json:
        document({"ok": True, "published": done})
    elif done is None:
        sentence("there is no release of gold yet: lakehouse run --source NAME FILE makes one")
    else:
        sentence(published_told(done), good=True)
    return 0


@click.command()
@click.argument("sql")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "bars", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="How the rows are written.",
)
@click.option("--limit", type=click.IntRange(min=1), help=f"At most so many rows.  [default: {SHOWN_ROWS} of a table]")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
@NO_WAIT
@click.pass_obj
def query(env: str | None, sql: str, form: str, limit: int | None, output: Path | None, no_wait: bool) -> int:
    """Ask the warehouse one question in SQL: SELECT, WITH, SHOW or DESCRIBE.

    Tables are found by their names alone: fact_sales, dim_customer, dim_product, dim_store, dim_date.
    """
    from lakehouse.cli import answers
    from lakehouse.publish.question import asked
    from lakehouse.runtime.settings import load_settings

    for_reading = form in ("table", "bars")
    _check_target(form, for_reading, output)
    most = SHOWN_ROWS if for_reading and limit is None else limit
    with working() as say, asked(load_settings(env), sql, limit=most and most + 1, wait=not no_wait, say=say) as answer:
        cut = answers.write(answer, form, most, output)
    if cut and (for_reading or output is not None):
        sentence(f"the first {shown(most)} row(s); there are more: --limit N shows N")
    return 0


def _check_target(form: str, for_reading: bool, output: Path | None) -> None:
    """Refuse what could not be written, before the warehouse is asked."""
    from lakehouse.errors import UsageError

    if form == "parquet" and output is None and sys.stdout.isatty():
        raise UsageError("Parquet is not for a terminal: name a file with --output")
    if for_reading and output is not None:
        raise UsageError(f"{form} is for reading: --output goes with --format csv, json or parquet")
    if output is not None and not output.parent.is_dir():
        raise UsageError(f"there is no folder {output.parent}: make it, or name a file elsewhere with --output")


@click.group()
def warehouse() -> None:
    """The local warehouse as a server, for quick repeated questions; without one each question opens it for itself."""


@warehouse.command()
@click.pass_obj
def start(env: str | None) -> int:
    """Start the server where none runs."""
    from lakehouse.publish import emulator

    there = _local(env)
    with working() as say:
        say("starting the warehouse")
        server, new = emulator.start(str(there.home), there.warehouse.database, there.warehouse.schema_name)
    sentence(_served(server) if new else f"{_served(server)}, as before", good=True)
    return 0


@warehouse.command()
@AS_JSON
@click.pass_obj
def status(env: str | None, as_json: bool) -> int:
    """Whether the server runs, and where."""
    from lakehouse.publish import emulator

    there = _local(env)
    server = emulator.running(str(there.home))
    if as_json:
        document({"running": server is not None, "server": server, "folder": str(emulator.folder_of(str(there.home)))})
    else:
        sentence(_served(server) if server else "the warehouse has no server: lakehouse warehouse start")
    return 0


@warehouse.command()
@click.pass_obj
def stop(env: str | None) -> int:
    """Stop the server; what it holds stays on disk."""
    from lakehouse.publish import emulator

    ended = emulator.stop(str(_local(env).home))
    sentence("the warehouse is stopped" if ended else "the warehouse has no server")
    return 0


def _served(server: "Server") -> str:
    return f"the warehouse is served by process {server.pid}, port {server.port}, since {server.since}"


def _local(env: str | None) -> "Settings":
    """The settings, where the warehouse is one to be served here."""
    from lakehouse.errors import UsageError
    from lakehouse.runtime.settings import load_settings

    settings = load_settings(env)
    if settings.warehouse.kind != "local":
        raise UsageError(f"the warehouse is Snowflake ({settings.warehouse.place}): it needs no server here")
    return settings
