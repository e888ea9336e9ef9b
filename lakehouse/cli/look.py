"""`lakehouse status` and `lakehouse quarantine`: what is there, without starting Spark."""

import click

from lakehouse.cli.show import document, sentence, table

TITLES = {
    "bronze": "Bronze: files",
    "silver": "Silver: sale lines",
    "gold": "Gold: the newest release",
    "warehouse": "Warehouse: the release last published",
    "runs": "Last runs",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def status(env: str | None, as_json: bool) -> int:
    """Files, rows and facts per layer, freshness, last runs, and what waits for something."""
    from lakehouse.care.status import status_of
    from lakehouse.runtime.lake import open_lake

    told = status_of(open_lake(env))
    if as_json:
        document(told)
        return 0
    sentence(f"lakehouse at {told['home']}, environment {told['environment']}")
    for name, title in TITLES.items():
        rows = told[name]
        if rows:
            columns = [column for column in rows[0] if column != "withdrawn" or any(row[column] for row in rows)]
            table(title, columns, ([row[column] for column in columns] for row in rows))
    if not told["bronze"]:
        sentence("nothing has landed yet: lakehouse run --source superstore FILE")
    for warning in told["warnings"]:
        sentence(warning, good=False)
    return 0


@click.command()
@click.option("--source", help="Only rows of this feed.")
@click.option("--reason", help="Only rows that broke this rule.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="At most so many rows.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def quarantine(env: str | None, source: str | None, reason: str | None, limit: int, as_json: bool) -> int:
    """Rows that were kept out, with their reasons and their raw text; none of files that were taken back."""
    from lakehouse.bronze.ledger import WITHDRAWN
    from lakehouse.ops import tables
    from lakehouse.runtime.lake import open_lake

    lake = open_lake(env)
    if source is not None:
        lake.source(source)
    rows = tables.read(lake, "ops.quarantine", **({} if source is None else {"source": source}))
    wanted = [row for row in rows if row["status"] != WITHDRAWN and (reason is None or reason in row["reasons"])]
    if as_json:
        document({"rows": len(wanted), "shown": wanted[:limit]})
        return 0
    shown = [(_name(row["file"]), row["line"], ", ".join(row["reasons"]), row["raw_text"]) for row in wanted[:limit]]
    table("Quarantine", ["file", "line", "reasons", "raw text"], shown, cut="raw text")
    sentence(f"{len(shown)} of {len(wanted)} row(s); --json has them whole")
    return 0


def _name(path: str) -> str:
    """The name a file came with, from its path in bronze: `…/0123456789abcdef-name`."""
    return path.rpartition("/")[2].partition("-")[2]
