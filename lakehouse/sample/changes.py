"""Later statements about lines that exist: corrections, and the same content in untidy text.

In: a line and a random stream. Out: another line with the same row id. Guaranteed: a correction differs from
the line and from corrections of other generations, and still keeps every rule; an untidy line is the line
again once text is normalised (NFC, trimmed, non-breaking and doubled blanks made single).
"""

import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from lakehouse.sample.records import AT, fields, text
from lakehouse.sample.words import PRIORITIES

NO_BREAK = "\N{NO-BREAK SPACE}"

_FREE_TEXT = tuple(AT[name] for name in ("Customer Name", "City", "State", "Product Name"))


def corrected(line: str, rng: Random, *, generation: int) -> str:
    """The line with one thing put right, and its shipping cost, by `generation` cents: no two are equal."""
    record = fields(line)
    rng.choice(_CORRECTIONS)(record)
    record[AT["Shipping Cost"]] = str(Decimal(record[AT["Shipping Cost"]]) + Decimal(generation) / 100)
    return text(record)


def _one_more(record: list[str]) -> None:
    """One piece more (of a return: one more came back); sales and profit follow."""
    quantity = int(record[AT["Quantity"]])
    more = quantity + (1 if quantity > 0 else -1)
    record[AT["Quantity"]] = str(more)
    for name in ("Sales", "Profit"):
        # to 4 decimals, as the text of an amount; the profit of one piece need not have a finite one
        record[AT[name]] = f"{Decimal(record[AT[name]]) / quantity * more:.4f}"


def _shipped_later(record: list[str]) -> None:
    record[AT["Ship Date"]] = _moved(record[AT["Ship Date"]], 2)


def _ordered_earlier(record: list[str]) -> None:
    record[AT["Order Date"]] = _moved(record[AT["Order Date"]], -1)


def _other_priority(record: list[str]) -> None:
    now = PRIORITIES.index(record[AT["Order Priority"]])
    record[AT["Order Priority"]] = PRIORITIES[(now + 1) % len(PRIORITIES)]


def _less_profit(record: list[str]) -> None:
    record[AT["Profit"]] = str(Decimal(record[AT["Profit"]]) - Decimal("1.25"))


_CORRECTIONS = (_one_more, _shipped_later, _ordered_earlier, _other_priority, _less_profit)


def _moved(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def untidy(line: str, way: int) -> str:
    """The line with the same content in untidy text, in one of `len(UNTIDY_WAYS)` ways."""
    record = fields(line)
    for position in _FREE_TEXT:
        record[position] = UNTIDY_WAYS[way % len(UNTIDY_WAYS)](record[position])
    return text(record)


def has_accents(line: str) -> bool:
    """Whether decomposing accents would change what `untidy` touches."""
    record = fields(line)
    return any(_decomposed(record[position]) != record[position] for position in _FREE_TEXT)


def _no_break(value: str) -> str:
    return value.replace(" ", NO_BREAK)


def _padded(value: str) -> str:
    return f" {value.replace(' ', '  ')}  "


def _decomposed(value: str) -> str:
    return unicodedata.normalize("NFD", value)


UNTIDY_WAYS: Sequence[Callable[[str], str]] = (_decomposed, _no_break, _padded)
