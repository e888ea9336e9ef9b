"""Pieces of Markdown that generated pages are made of.

In: names and texts. Out: lists and tables. Guaranteed: pure; a text of a contract cannot end a table's cell.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence


def facts(told: Mapping[str, object]) -> str:
    """A list of what is known by name; what is empty is left out."""
    return "".join(f"- {name}: {value}\n" for name, value in told.items() if value)


def codes(names: Iterable[str]) -> str:
    """Names as code, with commas between."""
    return ", ".join(f"`{name}`" for name in names)


def grid(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; columns that are empty in every row are left out."""
    listed = [[_cell(value) for value in row] for row in rows]
    used = [place for place in range(len(columns)) if place == 0 or any(row[place] for row in listed)]

    def line(cells: Sequence[str]) -> Iterator[str]:
        yield from (cells[place] for place in used)

    text = [" | ".join(line(columns)), "|".join("---" for _ in used), *(" | ".join(line(row)) for row in listed)]
    return "".join(f"| {row} |\n" if place != 1 else f"|{row}|\n" for place, row in enumerate(text))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
