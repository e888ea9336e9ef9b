"""How results look: tables and colours on a terminal, plain lines elsewhere, JSON for machines.

In: rows and sentences. Out: results on standard output, progress on standard error. Guaranteed: with --json
standard output holds one JSON document and nothing else.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from unicodedata import category

import click

from lakehouse.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status
    from rich.table import Table

CUT = 36
"""So many characters are left at least of a text that is cut to the terminal: a column's name, a value and a word."""

_LIVING: "list[Status]" = []
"""The living line, while there is one; it would draw over a question."""


def say(line: str) -> None:
    """A line of progress, on standard error."""
    click.echo(printable(line), err=True)


@contextmanager
def working() -> Iterator[Callable[[str], None]]:
    """What to say progress with: one living line on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield say
        return
    from rich.console import Console  # not needed elsewhere
    from rich.markup import escape

    with Console(stderr=True).status("starting") as status:
        _LIVING.append(status)
        try:
            yield lambda line: status.update(escape(printable(line)))
        finally:
            _LIVING.remove(status)


@contextmanager
def still() -> Iterator[None]:
    """The living line is not drawn meanwhile."""
    for status in _LIVING:
        status.stop()
    yield
    for status in _LIVING:
        status.start()


def document(value: object) -> None:
    """One JSON document on standard output."""
    told = json.dumps(value, default=plain, ensure_ascii=False, indent=2)
    click.echo(told.encode("utf-8", "backslashreplace").decode())  # a byte of a path that is no UTF-8 becomes \udc..


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    cut: str | None = None,
    told: Callable[[object], str] | None = None,
) -> None:
    """A table with its title; numbers to the right, thousands apart; the column `cut` takes one line a row.

    Where the terminal is so narrow that words would break, each row is a card: a line a column, as `psql` has it.

    Args:
        told: a value as text, where `shown` is not wanted.
    """
    from rich.table import Table  # not needed for --help and --json

    listed = [list(row) for row in rows]
    numeric = [_has_numbers([row[place] for row in listed]) for place in range(len(columns))]
    console = _console()
    cells = [[printable((told or shown)(value)) for value in row] for row in listed]
    least = _least(columns, cells, cut)
    if cells and sum(least) + 3 * len(columns) + 1 > console.width:
        drawn = Table(box=None, show_header=False)
        drawn.add_column(style="cyan", no_wrap=True)
        drawn.add_column(overflow="fold")
        _add_cards(drawn, columns, cells)
    else:
        drawn = Table(header_style="bold cyan")
        for name, right, width in zip(columns, numeric, least, strict=True):
            drawn.add_column(name, justify="right" if right else "left", overflow="fold", min_width=width)
        _add_rows(drawn, cells if cut is None else _fitted(cells, columns, columns.index(cut), console.width))
    _titled(console, title)
    console.print(drawn)


def _titled(console: "Console", title: str) -> None:
    """The title on a line of its own: that of the table would be folded where the table is narrower."""
    from rich.text import Text

    if title:
        console.print(Text(title, style="bold"))


def _add_rows(drawn: "Table", cells: list[list[str]]) -> None:
    from rich.text import Text  # else a file's [name] would be taken for markup

    for row in cells:
        drawn.add_row(*map(Text, row))


def _add_cards(drawn: "Table", columns: Sequence[str], cells: list[list[str]]) -> None:
    """A line a column, and an empty one after each row but the last."""
    for number, row in enumerate(cells, 1):
        _add_rows(drawn, [[name, value] for name, value in zip(columns, row, strict=True)])
        if number < len(cells):
            drawn.add_row("", "")


def _least(columns: Sequence[str], cells: list[list[str]], cut: str | None) -> list[int]:
    """How wide each column must be so that no word breaks, and of the one that is cut so that enough of it is left."""
    texts = list(zip(columns, *cells, strict=True))
    words = [max(len(word) for text in column for word in text.split(" ")) for column in texts]
    enough = [min(CUT, max(map(len, column))) for column in texts]
    return [there if name == cut else word for name, word, there in zip(columns, words, enough, strict=True)]


def _fitted(cells: list[list[str]], columns: Sequence[str], place: int, width: int) -> list[list[str]]:
    """The cells with those at `place` cut to the room that the others leave on a line, but to no less than CUT."""
    others = sum(max(map(len, column)) for at, column in enumerate(zip(columns, *cells, strict=True)) if at != place)
    room = max(width - others - 3 * len(columns) - 1, CUT)
    cut = ([*row[:place], row[place][: room - 1] + "…", *row[place + 1 :]] for row in cells)
    return [new if len(old[place]) > room else old for old, new in zip(cells, cut, strict=True)]


def heading(title: str, words: str) -> None:
    """A title under a line, and a paragraph folded to the terminal."""
    from rich.padding import Padding
    from rich.rule import Rule
    from rich.text import Text

    console = _console()
    width = min(console.width, 100)
    console.print()
    console.print(Rule(Text(title, style="bold cyan"), align="left", style="cyan"), width=width)
    console.print(Padding(Text(words), (0, 0, 1, 0)), width=width)


def bars(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A bar a row: as long as its last column says, named by the others as they are; none where it is not above zero.

    Raises:
        UsageError: the last column holds no numbers.
    """
    from rich.bar import Bar
    from rich.table import Table
    from rich.text import Text

    listed = [list(row) for row in rows]
    if not all(_is_number(row[-1]) for row in listed):
        raise UsageError(f"the last column, {columns[-1]}, has no numbers to draw bars of: select one last")
    console = _console()
    drawn = Table(box=None, header_style="bold cyan")
    for name in (*columns[:-1], ""):
        drawn.add_column(name)
    drawn.add_column(columns[-1], justify="right")
    lengths = [max(float(str(row[-1] or 0)), 0.0) for row in listed]
    width = max(10, min(console.width, 100) - 50)
    for length, (*names, value) in zip(lengths, listed, strict=True):
        bar = Bar(max(lengths) or 1.0, 0, length, color="cyan", width=width)
        drawn.add_row(*(Text(printable(exact(name))) for name in names), bar, Text(shown(value)))
    _titled(console, title)
    console.print(drawn)


def sentence(text: str, *, good: bool | None = None) -> None:
    """A line of the result; green or red on a terminal where it says that something holds or does not."""
    click.secho(printable(text), fg=None if good is None else "green" if good else "red")


def printable(text: str) -> str:
    """The text with what moves a cursor, colours, turns a line round or cannot be seen escaped."""
    return "".join(repr(c)[1:-1] if category(c) in ("Cc", "Cf", "Cs") else c for c in text)


def _console() -> "Console":
    """Where results are drawn: a terminal in its own width; elsewhere wide enough that no line is folded."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 160
    return Console(width=width, highlight=False, no_color="NO_COLOR" in os.environ or None)


def _has_numbers(values: Sequence[object]) -> bool:
    """Whether a column goes to the right: it has numbers, and nothing else but what is not there."""
    return any(value is not None for value in values) and all(map(_is_number, values))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal | None) and not isinstance(value, bool)


def shown(value: object) -> str:
    """A value as tables and sentences have it: thousands apart, a moment to the second, `-` where there is none."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        digits = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
        return digits.replace(",", "\u202f" if sys.stdout.isatty() else " ")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value)


def exact(value: object) -> str:
    """A value of the warehouse, to be copied into the next question: every digit and nothing between; `-` for NULL."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "-" if value is None else str(value)


def plain(value: Any) -> Any:
    """What JSON has for a value that it does not know: a time as ISO 8601, a decimal as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
