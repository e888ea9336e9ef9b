"""The jobs of spark-submit: one hop each, with the options of the command line.

In: the command line behind the job's file. Out: what `lakehouse` prints for the same hop, and its exit code.
Guaranteed: `land_csv` and `gold_to_snowflake` start no Spark session; the others land nothing. spark-submit makes one
stream, its standard output, of the two that a job writes to: with --json there is no progress, so that the document is
alone.
"""

from collections.abc import Callable

import click

from lakehouse.cli.load import AS_JSON, AS_OF, FULL, NO_WAIT, SOURCE, release_told, told
from lakehouse.cli.show import document, say, sentence

ENV = click.option("--env", help="The environment: a file of conf/environments.  [default: LAKEHOUSE_ENV, or local]")
DEBUG = click.option("--debug", is_flag=True, help="Show the traceback of an error, and where the package is.")
HELP = {"help_option_names": ["-h", "--help"]}


@click.command(context_settings=HELP)
@ENV
@SOURCE
@AS_OF
@NO_WAIT
@AS_JSON
@DEBUG
@click.argument("paths", nargs=-1, required=True)
def land_csv(
    env: str | None, source: str, as_of: str | None, no_wait: bool, as_json: bool, debug: bool, paths: tuple[str, ...]
) -> int:
    """Keep files (CSV, folder, glob; also .csv.gz) in bronze: what `lakehouse land` does."""
    from lakehouse import road

    say = _saying(as_json, debug)
    return told(road.travel(env, source, paths, as_of=as_of, to="bronze", wait=not no_wait, say=say), as_json)


@click.command(context_settings=HELP)
@ENV
@SOURCE
@NO_WAIT
@AS_JSON
@DEBUG
def bronze_to_silver(env: str | None, source: str, no_wait: bool, as_json: bool, debug: bool) -> int:
    """Bring what has landed of a source into silver: what `lakehouse run --to silver` does without a file."""
    from lakehouse import road

    say = _saying(as_json, debug)
    return told(road.travel(env, source, (), to="silver", wait=not no_wait, say=say), as_json)


@click.command(context_settings=HELP)
@ENV
@NO_WAIT
@AS_JSON
@DEBUG
def silver_to_gold(env: str | None, no_wait: bool, as_json: bool, debug: bool) -> int:
    """Build the release of gold that follows from silver; nothing where silver has nothing new."""
    from lakehouse import road

    release, new = road.to_gold(env, wait=not no_wait, say=_saying(as_json, debug))
    if as_json:
        document({"ok": True, "new": new, "release": release})
    elif release is None:
        sentence("there is no silver yet: lakehouse run --source NAME FILE makes one")
    else:
        sentence(release_told(release, new), good=True)
    return 0


@click.command(context_settings=HELP)
@ENV
@FULL
@NO_WAIT
@AS_JSON
@DEBUG
def gold_to_snowflake(env: str | None, full: bool, no_wait: bool, as_json: bool, debug: bool) -> int:
    """Publish the newest release of gold to the warehouse: what `lakehouse publish` does; starts no Spark session."""
    from lakehouse import road
    from lakehouse.cli.warehouse import published

    return published(road.to_warehouse(env, full=full, wait=not no_wait, say=_saying(as_json, debug)), as_json)


def _saying(as_json: bool, debug: bool) -> Callable[[str], None]:
    """Where progress goes; under --debug it begins with the package's place, as a cluster may hold more than one."""
    if as_json:
        return lambda _: None
    if debug:
        say(f"lakehouse is {__file__.removesuffix('/cli/jobs.py')}")
    return say
