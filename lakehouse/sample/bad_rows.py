"""Rows that must be rejected or passed over: a dozen kinds of damage, each with one known reason.

In: a good line, and the as-of of the file it goes into. Out: the damaged line, by kind. Guaranteed: each has
that one fault and no other; no row id of a good row is touched. The unbalanced quote swallows what follows it
until the next quote, so its line belongs near the end of a file, with no quote after it.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from lakehouse.sample.records import AT, COLUMNS, fields, joined, text

Damage = Callable[[list[str], date], str]


def _set(**changes: str) -> Damage:
    """Damage that puts other values into columns (named in snake case)."""
    places = {_position(name): value for name, value in changes.items()}

    def damage(record: list[str], as_of: date) -> str:
        return text([places.get(position, value) for position, value in enumerate(record)])

    return damage


def _position(name: str) -> int:
    return AT[name.replace("_", " ").title().replace(" Id", " ID")]


def _ordered_in_future(record: list[str], as_of: date) -> str:
    ordered = as_of + timedelta(days=9)
    shipped = ordered + timedelta(days=3)
    return _set(order_date=ordered.isoformat(), ship_date=shipped.isoformat())(record, as_of)


def _shipped_before_ordered(record: list[str], as_of: date) -> str:
    shipped = date.fromisoformat(record[AT["Order Date"]]) - timedelta(days=4)
    return _set(ship_date=shipped.isoformat())(record, as_of)


def _too_few_fields(record: list[str], as_of: date) -> str:
    return text(record[: AT["Sales"]])


def _too_many_fields(record: list[str], as_of: date) -> str:
    return text([*record, "surplus"])


def _unbalanced_quote(record: list[str], as_of: date) -> str:
    place = AT["Product Name"]
    unquoted = record[place].replace('"', "")
    return f'{joined(record[:place])},"{unquoted},{joined(record[place + 1 :])}\n'


DAMAGES: Mapping[str, Damage] = MappingProxyType(
    {
        "row_id_missing": _set(row_id=""),
        "quantity_zero": _set(quantity="0", sales="0.0", profit="0.0"),
        "quantity_not_a_number": _set(quantity="three"),
        "quantity_not_whole": _set(quantity="2.5"),
        "sales_with_7_decimals": _set(quantity="3", sales="123.4567891"),
        "profit_is_text": _set(profit="n/a"),
        "sales_negative_without_return": _set(quantity="2", sales="-45.9"),
        "discount_above_one": _set(discount="1.5"),
        "ship_before_order": _shipped_before_ordered,
        "order_date_impossible": _set(order_date="2024-02-30"),
        "order_date_before_calendar": _set(order_date="1989-12-31", ship_date="1990-01-03"),
        "ship_date_after_calendar": _set(ship_date="2050-01-02"),
        "order_date_in_future": _ordered_in_future,
        "too_few_fields": _too_few_fields,
        "too_many_fields": _too_many_fields,
        "unbalanced_quote": _unbalanced_quote,
    }
)
"""Kind of damage → how it is done."""

BLANKS = ("\n", " \N{NO-BREAK SPACE} \n", "," * (len(COLUMNS) - 1) + "\n")
"""Blank rows: an empty line, one of blanks, one of empty fields. They are no faults, but no sales either."""


def damaged(line: str, kind: str, as_of: date) -> str:
    """The line with one kind of damage (a key of `DAMAGES`), in a file extracted on day `as_of`."""
    return DAMAGES[kind](fields(line), as_of)
