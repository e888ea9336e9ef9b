"""What one file cannot say alone: references between columns, rules, tables and sources.

In: declarations by file. Out: findings, each with its file and path. Guaranteed: nothing is changed or
raised here; an empty list means that everything named does exist.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from lakehouse.contract import events, reading, rules
from lakehouse.contract.model import Expectation, Source, Table

_NAME = re.compile(r"_?[a-z][a-z0-9_]*")
_RESERVED = ("_missing", "_unreadable", "_required")
"""How the names of rules and constraints end that `required` and types imply."""


def table_of(path: str) -> str:
    """The table whose contract belongs into a file: `silver.sales` for `contracts/silver/sales.yml`."""
    return path.removeprefix("contracts/").rpartition(".")[0].replace("/", ".")


def findings(
    tables: Mapping[str, Table], sources: Mapping[str, Source], declared: Collection[str], feeds: Collection[str]
) -> list[str]:
    """All findings of all files, in the order of the files.

    Args:
        tables: contracts by file, those that could be loaded.
        sources: sources by file, those that could be loaded.
        declared: the tables that have a contract, loaded or not: what refers to them is not to blame.
        feeds: the same of sources.
    """
    by_name = {t.name: t for t in tables.values()}
    known = {*by_name, *declared}
    return [
        *_twins("table", tables),
        *_twins("source", sources),
        *(f"{path}: {what}" for path, table in tables.items() for what in _table(path, table, by_name, known, feeds)),
        *(f"{path}: {what}" for path, source in sources.items() for what in _source(path, source, by_name, known)),
    ]


def _twins(named_by: str, declared: Mapping[str, Table] | Mapping[str, Source]) -> Iterator[str]:
    names = [one.name for one in declared.values()]
    for path, one in declared.items():
        if names.count(one.name) > 1:
            yield f"{path}: {named_by}: another file is of {one.name!r}, too; remove one of them"


def _table(
    path: str, table: Table, tables: Mapping[str, Table], known: Collection[str], feeds: Collection[str]
) -> Iterator[str]:
    columns = {c.name for c in table.columns}
    if table.name != table_of(path):
        yield f"table: is {table.name!r}, but its file says {table_of(path)!r}"
    for place, named in (
        ("keys", table.keys),
        ("sequence_by", table.sequence_by),
        ("layout.cluster_by", table.cluster_by),
        ("layout.partition_by", table.partition_by),
        ("history.track_history", table.track_history),
        ("apply_as_deletes", (table.apply_as_deletes,) if table.apply_as_deletes else ()),
    ):
        yield from _columns_named(place, named, columns)
    if not table.keys:
        yield "keys: a table needs at least one key column"
    yield from (f"inputs: there is no table {name!r}" for name in table.inputs if name not in known)
    if table.name in _ancestors(table, tables):
        yield f"inputs: {table.name} is built from itself, by way of a cycle"
    yield from _names("columns", [c.name for c in table.columns])
    yield from _names("expectations", [e.name for e in table.expectations])
    for expectation in table.expectations:
        yield from _expectation(expectation, columns)
    yield from _dimension(table, feeds)
    if table.cluster_by and table.partition_by:
        yield "layout: a table is clustered or partitioned, not both"
    if table.event:
        yield from events.findings(table, table.event, feeds)
        yield from _names("event.fields", [f.name for f in table.event.fields])


def _dimension(table: Table, sources: Collection[str]) -> Iterator[str]:
    """What a dimension with history says of sources."""
    for column in table.columns:
        for source in (*column.told_by, *column.false_for):
            if source not in sources:
                yield f"columns.{column.name}: there is no source {source!r}"
        for patterns in column.false_for.values():
            yield from (
                f"columns.{column.name}.false_for: {one!r} is no regular expression"
                for one in patterns
                if not _is_regex(one)
            )


def _natural_keys(source: Source, table: Table, tables: Mapping[str, Table], known: Collection[str]) -> Iterator[str]:
    """Each dimension with history that is built from a source's table must know its keys there."""
    columns = {c.name for c in table.columns}
    wanted = [t.name for t in tables.values() if t.scd == 2 and table.name in t.inputs]
    yield from (
        f"natural_keys.{name}: is missing; name the columns of {table.name}"
        for name in wanted
        if not source.natural_keys.get(name)
    )
    for name, named in source.natural_keys.items():
        if name not in wanted and (name in tables or name not in known):
            yield f"natural_keys.{name}: there is no such dimension with history of {table.name}"
        yield from _columns_named(f"natural_keys.{name}", named, columns)


def _is_regex(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


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


def _source(path: str, source: Source, tables: Mapping[str, Table], known: Collection[str]) -> Iterator[str]:
    columns = {c.name for c in source.columns}
    stem = path.rpartition("/")[2].rpartition(".")[0]
    if source.name != stem:
        yield f"source: is {source.name!r}, but its file says {stem!r}"
    yield from _names("source", [source.name], whole=True)
    if (table := f"bronze.{source.name}") in known:
        yield f"source: {table} is a table, and its folder that of this source's files; give one another name"
    yield from _names("columns", [c.name for c in source.columns])
    yield from _names("expectations", [e.name for e in source.expectations])
    yield from _columns_named("keys", source.keys, columns)
    yield from _keys(source)
    headers = [" ".join(c.header.split()).casefold() for c in source.columns]
    yield from (f"columns: the header {h!r} stands twice" for h in sorted(set(headers)) if headers.count(h) > 1)
    yield from reading.findings(source)
    if source.table not in known:
        yield f"table: there is no table {source.table!r}"
    if source.table in tables:
        yield from _into(source, tables[source.table], columns)
        yield from _natural_keys(source, tables[source.table], tables, known)


def _keys(source: Source) -> Iterator[str]:
    if not source.keys:
        yield "keys: a source needs at least one key column"
    elif len(source.keys) == 1 and any(c.name == source.keys[0] and not c.required for c in source.columns):
        yield f"keys: {source.keys[0]!r} alone is the key, so it must be required"


def _into(source: Source, table: Table, columns: set[str]) -> Iterator[str]:
    """What a source says of the table it goes into."""
    types = {c.name: c.type for c in table.columns}
    rules_of_table = {e.name for e in table.expectations}
    yield from (f"fixed_by_key: {table.name} has no column {n!r}" for n in source.fixed_by_key if n not in types)
    for column in source.columns:
        if types.get(column.name, column.type) != column.type:
            yield (
                f"columns.{column.name}.type: is {column.type}, but {types[column.name]} in {table.name}: "
                "give the column another name, and make the table's one of it in the source's transform"
            )
    for expectation in source.expectations:
        yield from _expectation(expectation, columns | set(types))
        if expectation.name in rules_of_table:
            yield f"expectations.{expectation.name}: {table.name} has a rule of this name already"


def _columns_named(place: str, named: Sequence[str], columns: Collection[str]) -> Iterator[str]:
    yield from (f"{place}: there is no column {name!r}" for name in named if name not in columns)
    yield from (f"{place}: {name!r} stands twice" for name in dict.fromkeys(named) if named.count(name) > 1)


def _names(place: str, names: Sequence[str], whole: bool = False) -> Iterator[str]:
    """Names become columns, constraints, modules and folders: small letters, digits and underscores do everywhere."""
    for name in names:
        if not _NAME.fullmatch(name):
            yield f"{place if whole else f'{place}.{name}'}: the name must be of small letters, digits and underscores"


def _expectation(expectation: Expectation, columns: set[str]) -> Iterator[str]:
    place = f"expectations.{expectation.name}"
    if expectation.name.endswith(_RESERVED):
        yield f"{place}: a name that ends in {', '.join(_RESERVED)} is that of a rule which columns imply"
    if expectation.check not in rules.CHECKS:
        yield f"{place}.check: there is no check {expectation.check!r}; known: {', '.join(rules.CHECKS)}"
        return
    takes, given = rules.arguments_of(expectation.check), expectation.arguments
    yield from (
        f"{place}.{name}: the check {expectation.check!r} has no such argument" for name in given if name not in takes
    )
    for name in takes:
        if name not in given:
            yield f"{place}.{name}: the check {expectation.check!r} needs it"
        elif fault := rules.argument_fault(name, given[name]):
            yield f"{place}.{name}: {fault}"
        elif name in ("column", "other") and given[name] not in columns:
            yield f"{place}.{name}: there is no column {given[name]!r}"
