"""What one file cannot say alone: references between columns, rules, tables and sources.

In: declarations by file. Out: findings, each with its file and path. Guaranteed: nothing is changed or
raised here; an empty list means that everything named does exist.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations

from lakehouse.contract import rules
from lakehouse.contract.dates import FORMAT_LETTERS, format_regex, render
from lakehouse.contract.model import Expectation, Source, Table


def findings(tables: Mapping[str, Table], sources: Mapping[str, Source]) -> list[str]:
    """All findings of all files, in the order of the files."""
    by_name = {t.name: t for t in tables.values()}
    return [
        *(f"{path}: {what}" for path, table in tables.items() for what in _table(path, table, by_name)),
        *(f"{path}: {what}" for path, source in sources.items() for what in _source(path, source, by_name)),
    ]


def _table(path: str, table: Table, tables: Mapping[str, Table]) -> Iterator[str]:
    columns = {c.name for c in table.columns}
    expected = path.removeprefix("contracts/").rpartition(".")[0].replace("/", ".")
    if table.name != expected:
        yield f"table: is {table.name!r}, but its file says {expected!r}"
    for place, named in (
        ("keys", table.keys),
        ("sequence_by", table.sequence_by),
        ("layout.cluster_by", table.cluster_by),
        ("history.track_history", table.track_history),
        ("apply_as_deletes", (table.apply_as_deletes,) if table.apply_as_deletes else ()),
    ):
        yield from (f"{place}: there is no column {name!r}" for name in named if name not in columns)
    if not table.keys:
        yield "keys: a table needs at least one key column"
    yield from (f"inputs: there is no table {name!r}" for name in table.inputs if name not in tables)
    if table.name in _ancestors(table, tables):
        yield f"inputs: {table.name} is built from itself, by way of a cycle"
    for expectation in table.expectations:
        yield from _expectation(expectation, columns)


def _ancestors(table: Table, tables: Mapping[str, Table]) -> set[str]:
    seen: set[str] = set()
    todo = list(table.inputs)
    while todo:
        name = todo.pop()
        if name in seen or name not in tables:
            continue
        seen.add(name)
        todo += tables[name].inputs
    return seen


def _source(path: str, source: Source, tables: Mapping[str, Table]) -> Iterator[str]:
    columns = {c.name for c in source.columns}
    stem = path.rpartition("/")[2].rpartition(".")[0]
    if source.name != stem:
        yield f"source: is {source.name!r}, but its file says {stem!r}"
    yield from (f"keys: there is no column {name!r}" for name in source.keys if name not in columns)
    if not source.keys:
        yield "keys: a source needs at least one key column"
    if source.table not in tables:
        yield f"table: there is no table {source.table!r}"
        return
    target = {c.name for c in tables[source.table].columns}
    yield from (f"fixed_by_key: {source.table} has no column {n!r}" for n in source.fixed_by_key if n not in target)
    headers = [" ".join(c.header.split()).casefold() for c in source.columns]
    yield from (f"columns: the header {h!r} stands twice" for h in sorted(set(headers)) if headers.count(h) > 1)
    for expectation in source.expectations:
        yield from _expectation(expectation, columns | target)
    yield from _reading(source)


def _reading(source: Source) -> Iterator[str]:
    """How files are read: separators that differ, date formats that cannot be confused, a usable as-of pattern."""
    if source.decimal == source.thousands:
        yield "thousands: is the same as decimal, so that 1.234 could be read in two ways"
    for fmt in source.date_formats:
        if not set(re.findall("[A-Za-z]+", fmt)) <= FORMAT_LETTERS.keys():
            yield f"date_formats: {fmt!r} has letters that are none of {', '.join(FORMAT_LETTERS)}"
            return
    for fmt, other in combinations(source.date_formats, 2):
        texts = (render(one, day) for one in (fmt, other) for day in (date(2011, 2, 3), date(2011, 12, 13)))
        if any(all(re.fullmatch(format_regex(one), text) for one in (fmt, other)) for text in texts):
            yield f"date_formats: one text can be read both as {fmt!r} and as {other!r}"
    if (source.as_of_pattern is None) != (source.as_of_format is None):
        yield "as_of: needs both a pattern and a format"
    try:
        if source.as_of_pattern is not None and re.compile(source.as_of_pattern).groups != 1:
            yield "as_of.pattern: needs exactly one group, the moment of extraction"
    except re.error as error:
        yield f"as_of.pattern: is no regular expression: {error}"


def _expectation(expectation: Expectation, columns: set[str]) -> Iterator[str]:
    place = f"expectations.{expectation.name}"
    if expectation.check not in rules.CHECKS:
        yield f"{place}.check: there is no check {expectation.check!r}; known: {', '.join(rules.CHECKS)}"
        return
    takes, given = set(rules.arguments_of(expectation.check)), set(expectation.arguments)
    yield from (f"{place}.{name}: the check {expectation.check!r} has no such argument" for name in given - takes)
    yield from (f"{place}.{name}: the check {expectation.check!r} needs it" for name in takes - given)
    for argument in {"column", "other"} & given:
        name = expectation.arguments[argument]
        if name not in columns:
            yield f"{place}.{argument}: there is no column {name!r}"
