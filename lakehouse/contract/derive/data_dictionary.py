"""Contracts and sources → the data dictionary, as one Markdown page.

In: a catalog. Out: the text of docs/reference/data-dictionary.md. Guaranteed: pure, and the same text for the
same catalog; nothing stands in it that is not declared. `make docs` writes the page, a test says when it is stale.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lakehouse.contract.derive.delta_table import is_never_null
from lakehouse.contract.derive.event_dictionary import event_section
from lakehouse.contract.derive.markdown import codes, facts, grid
from lakehouse.contract.loader import load_catalog
from lakehouse.contract.model import Catalog, Column, Expectation, Source, Table
from lakehouse.contract.reading import DECIMALS, DELIMITERS, THOUSANDS
from lakehouse.contract.rules import sql_condition

LAYERS = ("bronze", "silver", "gold", "ops")

INTRODUCTION = """\
# Data dictionary

Every table and every source, as `conf/contracts` and `conf/sources` declare them. This page is generated: change the
YAML and run `make docs`.

Types: `text`; `integer` (64 bits); `money` is DECIMAL(20,6); `date`; `timestamp` is UTC with microseconds; `boolean`;
`binary`; `texts` is a list of text; `counts` a map from text to integer; `named_texts` a map from text to text;
`headers` a list of Kafka's headers, each a text as `key` and binary as `value`. A column is *never NULL*, or needed *in
live rows* (a tombstone has only keys, order and technical columns), or neither.
"""


def data_dictionary(catalog: Catalog) -> str:
    """The page: tables by layer and name, then sources by name."""
    parts = [INTRODUCTION, _contents(catalog)]
    parts += [
        _table(table, catalog.natural_key(table.name)) + event_section(catalog, table) for table in _tables(catalog)
    ]
    parts += [_source(catalog.sources[name]) for name in sorted(catalog.sources)]
    return "\n".join(parts)


def _tables(catalog: Catalog) -> list[Table]:
    def place(table: Table) -> tuple[int, str]:
        return (LAYERS.index(table.layer) if table.layer in LAYERS else len(LAYERS), table.name)

    return sorted(catalog.tables.values(), key=place)


def _contents(catalog: Catalog) -> str:
    tables = ((f"[{t.name}](#{t.name.replace('.', '')})", t.description) for t in _tables(catalog))
    sources = ((f"[{name}](#source-{name})", catalog.sources[name].description) for name in sorted(catalog.sources))
    return f"{grid(('table', 'what it holds'), tables)}\n{grid(('source', 'what it is'), sources)}"


def _table(table: Table, natural_key: Mapping[str, Sequence[str]]) -> str:
    told: dict[str, object] = {
        "Keys": codes(table.keys),
        "Order of statements": codes(table.sequence_by),
        "Tombstones": f"where `{table.apply_as_deletes}` is true" if table.apply_as_deletes else "",
        "Built from": ", ".join(f"[{name}](#{name.replace('.', '')})" for name in table.inputs),
        "History": f"SCD2, tracked: {codes(table.track_history)}" if table.scd == 2 else "",
        "Natural key": "; ".join(f"{source}: {codes(names)}" for source, names in natural_key.items()),
        "Clustered by": codes(table.cluster_by),
        "Partitioned by": codes(table.partition_by),
        "Schema evolution": table.evolution,
        "Fresh within": f"{table.freshness_hours} h" if table.freshness_hours else "",
        "Owner": table.owner,
    }
    columns = ((f"`{c.name}`", c.type, _needed(table, c), f"{c.description}{_remarks(c)}") for c in table.columns)
    head = f"## {table.name}\n\n{table.description}\n\n{facts(told)}\n"
    return f"{head}{grid(('column', 'type', 'needed', 'what it means'), columns)}{_rules(table.expectations)}"


def _needed(table: Table, column: Column) -> str:
    if is_never_null(table, column):
        return "never NULL"
    return "in live rows" if column.required else ""


def _remarks(column: Column) -> str:
    """What the contract says of a column beside its description."""
    remarks = [f"*{', '.join(column.tags)}*"] if column.tags else []
    if column.null_is == "unknown":
        remarks.append("NULL means unknown.")
    if column.told_by:
        remarks.append(f"Told by {', '.join(column.told_by)}.")
    for source, patterns in column.false_for.items():
        remarks.append(f"False for {source} {codes(patterns)}.")
    return "".join(f" {remark}" for remark in remarks)


def _source(source: Source) -> str:
    told: dict[str, object] = {
        "Goes into": f"[{source.table}](#{source.table.replace('.', '')})",
        "Key of a line": codes(source.keys) + (" (their hash)" if len(source.keys) > 1 else ""),
        "Fixed by the key": codes(source.fixed_by_key),
        "Encoding": source.encoding or "detected",
        "Delimiter": f"{DELIMITERS[source.delimiter]}, where several fit" if source.delimiter else "detected",
        "Numbers": _numbers(source),
        "Date formats": codes(source.date_formats),
        "As-of in the file's name": f"`{source.as_of_pattern}` as `{source.as_of_format}`"
        if source.as_of_pattern
        else "",
    }
    columns = ((f"`{c.name}`", c.header, c.type, _asked(c.required, c.in_file)) for c in source.columns)
    head = f"## Source {source.name}\n\n{source.description}\n\n{facts(told)}\n"
    return f"{head}{grid(('column', 'header', 'type', 'needed'), columns)}{_rules(source.expectations)}"


def _numbers(source: Source) -> str:
    grouped = f", {THOUSANDS[source.thousands]} between thousands" if source.thousands else ""
    return f"decimal {DECIMALS[source.decimal]}{grouped}"


def _asked(required: bool, in_file: bool) -> str:
    if required:
        return "in every row"
    return "the header alone" if in_file else "no"


def _rules(expectations: Sequence[Expectation]) -> str:
    if not expectations:
        return ""
    rows = ((f"`{e.name}`", f"`{sql_condition(e)}`", e.on_fail, e.description) for e in expectations)
    return f"\n{grid(('rule', 'holds where this is true or NULL', 'else', 'why'), rows)}"


def main(page: str) -> None:
    """Write the page for the product's own configuration."""
    from lakehouse.conf import conf_folder  # here, as nothing else of this module needs to know a place

    Path(page).write_text(data_dictionary(load_catalog(conf_folder())), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
