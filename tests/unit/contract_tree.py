"""A small configuration: three tables and a source, and the findings of the loader when a text of it is changed."""

from pathlib import Path

from lakehouse.contract.loader import ContractError, load_catalog

LINES = "contracts/silver/lines.yml"
DAYS = "contracts/gold/days.yml"
SHOP = "sources/shop.yml"
MESSAGES = "contracts/bronze/messages.yml"

TREE = {
    LINES: """\
table: silver.lines
description: One row per line.
owner: data engineering
keys: [line_id]
sequence_by: [said_at]
layout: {cluster_by: [line_id]}
columns:
  line_id: {type: text, required: true, description: The key.}
  sold_on: {type: date, description: The day.}
  sent_on: {type: date, description: Another day.}
  amount: {type: money, description: The amount.}
  said_at: {type: timestamp, required: true, description: When it was said.}
expectations:
  amount_is_small: {check: between, column: amount, min: 0, max: 9, on_fail: quarantine}
  sent_after_sold: {check: not_before, column: sent_on, other: sold_on, on_fail: warn}
""",
    DAYS: """\
table: gold.days
description: One row per day.
owner: data engineering
keys: [day]
inputs: [silver.lines]
history: {scd: 1, track_history: [amount]}
columns:
  day: {type: date, required: true, description: The day.}
  amount: {type: money, description: The amount.}
""",
    MESSAGES: """\
table: bronze.messages
description: One row per message.
owner: data engineering
keys: [offset]
layout: {partition_by: [day]}
columns:
  offset: {type: integer, required: true, description: The place.}
  value: {type: binary, description: The event.}
  day: {type: date, required: true, description: The day.}
event:
  description: A statement about a line.
  column: value
  schema_version: 1
  fields:
    event_id: {type: text, required: true, description: The event.}
    event_time: {type: timestamp, required: true, description: When.}
    op: {type: text, required: true, values: [upsert, delete], description: What.}
    shop: {type: text, description: Who.}
  fields_of: shop
""",
    SHOP: """\
source: shop
description: A shop.
table: silver.lines
keys: [line]
decimal: ','
thousands: '.'
date_formats: [dd.MM.yyyy, yyyy-MM-dd]
as_of: {pattern: '_(\\d{8})\\.csv', format: '%Y%m%d'}
columns:
  line: {header: Line, type: text, required: true}
  sold_on: {header: Sold on, type: date}
  amount: {header: Amount, type: money}
expectations:
  line_is_digits: {check: matches, column: line, pattern: '\\d+', on_fail: quarantine}
""",
}


def findings_of(tmp_path: Path, changes: dict[str, tuple[str, str]]) -> list[str]:
    """The findings of the tree above with a text of a file replaced by another."""
    for name, text in TREE.items():
        if name in changes:
            old, new = changes[name]
            assert text.count(old) == 1, f"{old!r} must stand once in {name}"
            text = text.replace(old, new)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    try:
        load_catalog(tmp_path)
    except ContractError as error:
        return error.findings
    return []
