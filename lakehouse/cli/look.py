"""`lakehouse status` and `lakehouse quarantine`: what is there, without starting Spark."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.show import document, sentence, table

if TYPE_CHECKING:  # loaded when a command runs
    from lakehouse.care.kept_out import KeptOut

TITLES = {
    "bronze": "Bronze: files",
    "events": "Bronze: messages",
    "silver": "Silver: sale lines",
    "gold": "Gold: the newest release",
    "warehouse": "Warehouse: the release last published",
    "runs": "Last runs",
}

SELDOM = ("withdrawn", "expired")
"""Columns that are left out where they have nothing to tell."""

STANDS = "in silver"
"""The title of what stands of a line that was kept out."""

VALUE, RAW = 40, 200
"""So many characters are shown of a value, and of the text of a row that has no fields; JSON has them whole."""


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
            columns = [name for name in rows[0] if name not in SELDOM or any(row[name] for row in rows)]
            table(title, columns, ([row[column] for column in columns] for row in rows))
    if not told["bronze"] and not told["events"]:
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
    """Rows that were kept out: the rules they broke, and the values that broke them; none of files taken back."""
    from lakehouse.care.kept_out import explained, rows_kept_out
    from lakehouse.runtime.lake import open_lake

    lake = open_lake(env)
    wanted = rows_kept_out(lake, source, reason)
    shown = explained(lake, wanted[:limit])
    if as_json:
        document({"rows": len(wanted), "shown": [_whole(one) for one in shown]})
        return 0
    if not wanted:
        sentence("no such row was kept out" if source or reason else "no row was kept out")
        return 0
    columns = [*_places(shown), "rule", "why", *([STANDS] if any(one.stands_as_of for one in shown) else [])]
    lines = (line for one in shown for line in _lines(one))
    table("Quarantine", columns, (line[: len(columns)] for line in lines), cut="why")
    sentence(f"{len(shown)} of {len(wanted)} row(s); --json has them whole")
    return 0


def _lines(one: "KeptOut") -> Iterator[tuple[object, ...]]:
    """What the table says of a row: a line a rule that it broke."""
    raw = _cut(one.row["raw_text"] or "", RAW)
    for broken in one.broken:
        named = ", ".join(f"{column} {_quoted(text)}" for column, text in broken.values.items())
        why = f"{named}: {broken.words}" if named else ": ".join(filter(None, (broken.words, raw)))
        yield *_place(one.row), broken.rule, why, _standing(one)


def _places(shown: Sequence["KeptOut"]) -> tuple[str, str]:
    """The titles of where rows stand."""
    kinds = {one.row["topic"] is None for one in shown}
    if kinds == {False}:
        return "topic", "offset"
    return ("file", "line") if kinds != {True, False} else ("file, topic", "line, offset")


def _place(row: Mapping[str, Any]) -> tuple[object, object]:
    """Where it stands: file and line, or topic with partition and offset."""
    if row["topic"] is None:
        return _name(row["file"]), row["line"]
    return row["topic"], f"{row['partition']}:{row['offset']}"


def _standing(one: "KeptOut") -> str | None:
    """What stands of its line, where that is not older than the row."""
    if one.stands_as_of is None:
        return None
    later = one.stands_as_of > one.row["recorded_at"]
    return f"a later one, as of {one.stands_as_of:%Y-%m-%d}" if later else "another of the same as-of"


def _whole(one: "KeptOut") -> dict[str, object]:
    """What JSON has of a row: its columns, the values that each broken rule asks, and as of when its line stands."""
    broken: list[dict[str, str | None]] = []
    for rule in one.broken:
        values = rule.values.items() or [(None, None)]
        broken += ({"rule": rule.rule, "column": column, "value": value} for column, value in values)
    return {**one.row, "broken": broken, "stands_as_of": one.stands_as_of}


def _quoted(text: str | None) -> str:
    return "(not in the file)" if text is None else f"'{_cut(text, VALUE)}'"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _name(path: str) -> str:
    """The name a file came with, from its path in bronze: `…/0123456789abcdef-name`."""
    return path.rpartition("/")[2].partition("-")[2]
