"""The spark-submit job from silver to gold, with the options of the command line."""

import click

from lakehouse.cli.show import document, say, sentence

HELP = {"help_option_names": ["-h", "--help"]}


@click.command(context_settings=HELP)
@click.option("--env", help="The environment: a file of conf/environments.  [default: LAKEHOUSE_ENV, or local]")
@click.option("--no-wait", is_flag=True, help="Fail instead of waiting for another writer.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def silver_to_gold(env: str | None, no_wait: bool, as_json: bool, debug: bool) -> int:
    """Build the release of gold that follows from silver; nothing where silver has nothing new."""
    from lakehouse.gold.job import bring_to_gold
    from lakehouse.gold.release import newest
    from lakehouse.runtime.lake import open_lake
    from lakehouse.runtime.session import open_session

    lake = open_lake(env)
    before = newest(lake)
    release = bring_to_gold(open_session(lake.settings), lake, wait=not no_wait, say=say)
    new = release is not None and (before is None or release.release_id != before.release_id)
    if as_json:
        document({"ok": True, "new": new, "release": release})
    elif release is None:
        sentence("there is no silver yet: lakehouse run --source NAME FILE makes one")
    else:
        told = f"release {release.number}, {release.row_counts['gold.fact_sales']} fact(s)"
        sentence(told if new else f"{told}: silver has nothing new", good=True)
    return 0
