"""`lakehouse digest` and `lakehouse verify`: the numbers, and the proof of them."""

import click

from lakehouse.cli.show import document, sentence, table, working


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def digest(env: str | None, as_json: bool) -> int:
    """A digest of each table, independent of the order of its rows: equal content, equal digest."""
    from lakehouse.care.verify import digests
    from lakehouse.ops.spark import session_for
    from lakehouse.runtime.lake import open_lake

    lake = open_lake(env)
    found = digests(lambda: session_for(lake), lake)
    if as_json:
        document({name: {"rows": one.rows, "sum": str(one.sum)} for name, one in found.items()})
    elif not found:
        sentence("there is no table of silver or gold yet: lakehouse run --source NAME FILE makes them")
    else:
        table("Digests", ["table", "rows", "digest"], ((name, one.rows, str(one)) for name, one in found.items()))
    return 0


@click.command()
@click.option(
    "--rebuild",
    is_flag=True,
    help="Also build silver anew from bronze, and gold from silver, beside the live ones, and compare.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def verify(env: str | None, rebuild: bool, as_json: bool) -> int:
    """Check the promises on what is there; exit code 1 where one does not hold."""
    from lakehouse.care.verify import findings
    from lakehouse.ops.spark import session_for
    from lakehouse.runtime.lake import open_lake

    lake = open_lake(env)
    with working() as say:
        found = findings(lambda: session_for(lake), lake, rebuild=rebuild, say=say)
    ok = all(one.ok for one in found)
    if as_json:
        document({"ok": ok, "findings": found})
        return 0 if ok else 1
    table("Promises", ["promise", "holds", "checked"], ((one.promise, one.ok, one.told) for one in found))
    for one in found:
        if not one.ok and one.examples:
            table(one.promise, list(one.examples[0]), ([*row.values()] for row in one.examples))
    sentence("every promise holds" if ok else "a promise does not hold; see above", good=ok)
    return 0 if ok else 1
