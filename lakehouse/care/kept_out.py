"""Rows in quarantine as people ask for them: the values that broke each rule, and what stands of the line.

In: `ops.quarantine`, the ledger, silver. Out: `KeptOut`s, for those rows alone that are shown. Guaranteed: nothing
is written; pyspark is not loaded; what stands in a table stays as it is: a corrected line is still `open` there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from lakehouse.bronze import EVENTS, ledger
from lakehouse.bronze.event_fields import fields_of
from lakehouse.bronze.normalise import normalise
from lakehouse.bronze.rows import LandedFile, fields_again
from lakehouse.contract.derive.event_schema import EventSchema, as_told_by_events, event_schema
from lakehouse.contract.reasons import STRUCTURAL_ERRORS, Reason, reasons
from lakehouse.errors import UsageError, did_you_mean
from lakehouse.ops import tables
from lakehouse.ops.quarantine import TABLE, WITHDRAWN
from lakehouse.ops.tables import Row
from lakehouse.runtime.lake import Lake
from lakehouse.silver import SALES

KEEPS_NO_ROW_OUT = {
    "warn": "only warns, and its rows are in silver: docs/how-to/load-your-csv.md tells how to find them",
    "abort": "keeps no row out, it holds a whole batch: lakehouse status names those that are held",
}


Feed = tuple[str, bool]
"""A source, and whether its rows are events."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """A rule that a row broke, the columns it asks with their texts in the file, and what is wrong with them.

    A text is None where the file has no such column; there are no columns where the row has no fields, or the rule asks
    for what is made from them.
    """

    rule: str
    values: Mapping[str, str | None]
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptOut:
    """A row of `ops.quarantine`, the rules it broke, and as of when its line stands in silver, where not before."""

    row: Row
    broken: Sequence[Broken]
    stands_as_of: datetime | None


def rows_kept_out(lake: Lake, source: str | None, reason: str | None) -> list[Row]:
    """The rows of `ops.quarantine` of a source that broke a rule; None asks for all. None of files taken back.

    Raises:
        UsageError: there is no such source or rule, neither declared nor in the table.
    """
    rows = tables.read(lake, TABLE, **({} if source is None else {"source": source}))
    if source is not None and not rows:
        lake.source(source)
    if reason is not None:
        _known(lake, reason, {name for row in rows for name in row["reasons"]})
    return [row for row in rows if row["status"] != WITHDRAWN and (reason is None or reason in row["reasons"])]


def explained(lake: Lake, rows: Sequence[Row]) -> list[KeptOut]:
    """The same rows, each with the values that broke its rules and with what became of its line."""
    landings = ledger.read(lake) if rows else []
    files = {one.landing_id: one.file(lake) for one in landings if one.header is not None}
    declared, event = _declared(lake), event_schema(lake.catalog, lake.table(EVENTS))
    texts = [
        _texts(lake, row, files.get(row["landing_id"])) if row["topic"] is None else _texts_of_event(row, event)
        for row in rows
    ]
    keys = [_key(lake, row, known) for row, known in zip(rows, texts, strict=True)]
    stands = _in_silver(lake, [key for key in keys if key is not None])
    return [
        KeptOut(
            row=row,
            broken=[_broken(name, declared.get(_feed(row), {}), known) for name in row["reasons"]],
            stands_as_of=at if (at := stands.get(key)) is not None and at >= row["recorded_at"] else None,
        )
        for row, known, key in zip(rows, texts, keys, strict=True)
    ]


def _known(lake: Lake, reason: str, found: Collection[str]) -> None:
    """Raises UsageError where no rule of this name keeps rows out, nor did when the rows in the table were judged."""
    known = {*found, *(name for told in _declared(lake).values() for name in told)}
    if reason in known:
        return
    for source in lake.catalog.sources.values():
        for rule in (*source.expectations, *lake.table(source.table).expectations):
            if rule.name == reason:
                raise UsageError(f"the rule {reason} {KEEPS_NO_ROW_OUT[rule.on_fail]}")
    near = did_you_mean(reason, known)
    raise UsageError(f"there is no rule {reason!r}{near}: known are {', '.join(sorted(known))}")


def _declared(lake: Lake) -> dict[Feed, dict[str, Reason]]:
    """The rules that keep rows out, by feed and name."""
    years = (lake.settings.calendar.first_year, lake.settings.calendar.last_year)
    told = {(n, False): reasons(s, lake.table(s.table), years) for n, s in lake.catalog.sources.items()}
    event = event_schema(lake.catalog, lake.table(EVENTS))
    source = as_told_by_events(lake.source(event.source))
    return told | {(source.name, True): reasons(source, lake.table(source.table), years, event)}


def _texts(lake: Lake, row: Row, file: LandedFile | None) -> dict[str, str | None]:
    """What a row says, by column, and as of when; {} where it has no fields, or its source or file is not known."""
    source = lake.catalog.sources.get(row["source"])
    if source is None or file is None or row["raw_text"] is None or STRUCTURAL_ERRORS.keys() & row["reasons"]:
        return {}
    fields = fields_again(file, source, row["raw_text"])
    return {"recorded_at": f"{row['recorded_at']:%Y-%m-%dT%H:%M:%SZ}", **fields} if fields else {}


def _texts_of_event(row: Row, schema: EventSchema) -> dict[str, str | None]:
    """What a message says, by field of its row; {} where it is no event."""
    said = fields_of(row["raw_text"], schema)
    return {"recorded_at": f"{row['recorded_at']:%Y-%m-%dT%H:%M:%SZ}", **said} if said else {}


def _feed(row: Row) -> Feed:
    return row["source"], row["topic"] is not None


def _broken(rule: str, declared: Mapping[str, Reason], texts: Mapping[str, str | None]) -> Broken:
    """A broken rule; one that is declared no more has no words."""
    reason = declared.get(rule, Reason(name=rule, columns=(), words=""))
    return Broken(rule=rule, values={c: texts[c] for c in reason.columns if c in texts}, words=reason.words)


def _key(lake: Lake, row: Row, texts: Mapping[str, str | None]) -> tuple[str, str] | None:
    """Source and `sale_id` of a row, where one column of text is the key; a hash of several is not worked out here."""
    if not texts:
        return None
    source = lake.source(row["source"])
    text = texts[source.keys[0]]
    if len(source.keys) > 1 or source.column(source.keys[0]).type != "text" or text is None:
        return None
    told = normalise(pa.array([text], pa.string()))[0][0].as_py()
    return None if told is None else (source.name, told)


def _in_silver(lake: Lake, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str] | None, datetime]:
    """As of when the lines stand in silver that do, by source and `sale_id`."""
    wanted: dict[str, list[str]] = {}
    for source, sale_id in keys:
        wanted.setdefault(source, []).append(sale_id)
    columns = ["source_system", "sale_id", "recorded_at", "is_deleted"]
    found = (tables.among(lake, SALES, columns, "sale_id", ids, source_system=name) for name, ids in wanted.items())
    rows = (row for rows in found for row in rows if not row["is_deleted"])
    return {(row["source_system"], row["sale_id"]): row["recorded_at"] for row in rows}
