"""`lakehouse releases` and `lakehouse history`: what gold is, and how it came about."""

import click

from lakehouse.cli.show import document, sentence, shown, table, working

BY_TABLE = ("versions", "digests")
"""What a release has a table: for machines."""


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def releases(ctx: click.Context, as_json: bool) -> int:
    """The releases of gold, the newest first; `releases diff A B` says what changed between two."""
    if ctx.invoked_subcommand is not None:
        return 0
    from lakehouse.gold.releases import listing
    from lakehouse.runtime.lake import open_lake

    found = listing(open_lake(ctx.obj))
    if as_json:
        document({"releases": found})
    elif found:
        columns = [name for name in found[0] if name not in BY_TABLE]
        table("Releases", columns, ([row[name] for name in columns] for row in found))
    else:
        sentence("there is no release of gold yet: lakehouse run --source NAME FILE makes one")
    return 0


@releases.command()
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def diff(env: str | None, old: str, new: str, as_json: bool) -> int:
    """What release NEW has that OLD has not, by table; releases go by number or id."""
    from lakehouse.gold.releases import difference
    from lakehouse.ops.spark import session_for
    from lakehouse.runtime.lake import open_lake

    lake = open_lake(env)
    with working():
        found = difference(session_for(lake), lake, old, new)
    if as_json:
        document(found)
        return 0
    rows = [(name, what, _number_of(count)) for name, told in found.items() for what, count in told.items()]
    table(f"From release {old} to {new}", ["table", "what", "rows, or before and after"], rows)
    return 0


def _number_of(count: object) -> str:
    """How many rows, or a measure before and after."""
    return " → ".join(map(shown, count)) if isinstance(count, list) else shown(count)


@click.command()
@click.argument("entity", type=click.Choice(["customer", "product", "store"]))
@click.argument("key")
@click.option("--source", help="Only of this feed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def history(env: str | None, entity: str, key: str, source: str | None, as_json: bool) -> int:
    """The versions of one customer, product or store, and how many facts point at each."""
    from lakehouse.cli.versions import readable, title
    from lakehouse.gold.history import history as versions_of
    from lakehouse.ops.spark import session_for
    from lakehouse.runtime.lake import open_lake

    lake = open_lake(env)
    with working():
        versions = versions_of(session_for(lake), lake, entity, key, source)
    if as_json:
        document({"versions": versions})
        return 0
    table(title(entity, key, versions), *readable(versions))
    return 0
