"""What the loader of contracts and sources refuses: each finding with its file and its path in the file."""

from pathlib import Path

import pytest

from lakehouse.contract.loader import ContractError, load_catalog
from lakehouse.runtime.conf import conf_folder
from lakehouse.runtime.errors import UsageError

LINES = "contracts/silver/lines.yml"
DAYS = "contracts/gold/days.yml"
SHOP = "sources/shop.yml"

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


def test_the_tree_of_these_tests_is_sound(tmp_path: Path) -> None:
    assert findings_of(tmp_path, {}) == []


def test_the_product_s_own_configuration_is_sound() -> None:
    catalog = load_catalog(conf_folder())
    assert {"silver.sales", "ops.quarantine"} <= catalog.tables.keys()
    assert {"superstore", "online_retail"} <= catalog.sources.keys()


CASES = {
    "an unknown key": (LINES, "owner:", "owners:", ["owner: is missing", "owners: there is no such key"]),
    "an unknown key of a column": (
        LINES,
        "{type: money, description",
        "{type: money, unit: EUR, description",
        ["columns.amount.unit: there is no such key"],
    ),
    "an unknown key of a group": (
        LINES,
        "{cluster_by: [line_id]}",
        "{cluster_by: [line_id], z_order: [amount]}",
        ["layout.z_order: there is no such key"],
    ),
    "a key that the file's own word stands for": (
        LINES,
        "keys: [line_id]",
        "name: x\nkeys: [line_id]",
        ["name: there is no such key; the name is given as 'table'"],
    ),
    "a key outside its group": (
        DAYS,
        "history: {scd: 1, track_history: [amount]}",
        "scd: 1",
        ["scd: there is no such key here; it belongs at history.scd"],
    ),
    "a doubled key": (
        LINES,
        "  sold_on: {type: date",
        "  amount: {type: date",
        ["line 11, column 3: the key 'amount' stands twice"],
    ),
    "a key column that does not exist": (LINES, "keys: [line_id]", "keys: [id]", ["keys: there is no column 'id'"]),
    "no key column": (LINES, "keys: [line_id]", "keys: []", ["keys: a table needs at least one key column"]),
    "an order by a column that does not exist": (
        LINES,
        "[said_at]",
        "[said]",
        ["sequence_by: there is no column 'said'"],
    ),
    "a cluster column that does not exist": (
        LINES,
        "{cluster_by: [line_id]}",
        "{cluster_by: [line]}",
        ["layout.cluster_by: there is no column 'line'"],
    ),
    "a tracked column that does not exist": (
        DAYS,
        "[amount]",
        "[amuont]",
        ["history.track_history: there is no column 'amuont'"],
    ),
    "natural keys of no dimension, in columns that do not exist": (
        SHOP,
        "keys: [",
        "natural_keys: {gold.weeks: [week]}\nkeys: [",
        [
            "natural_keys.gold.weeks: there is no such dimension with history of silver.lines",
            "natural_keys.gold.weeks: there is no column 'week'",
        ],
    ),
    "an unknown type": (
        SHOP,
        "{header: Amount, type: money}",
        "{header: Amount, type: euro}",
        ["columns.amount.type: input should be 'text', 'integer', 'money', 'date' or 'timestamp' (given: 'euro')"],
    ),
    "a column's name with a blank": (
        DAYS,
        "  amount: {type: money, description: The amount.}",
        "  amount: {type: money, description: The amount.}\n  Net Amount: {type: money, description: Net.}",
        ["columns.Net Amount: the name must be of small letters, digits and underscores"],
    ),
    "an unknown check": (
        LINES,
        "check: between",
        "check: within",
        [
            "expectations.amount_is_small.check: there is no check 'within'; known: one_of, between, at_least, "
            "not_equal, not_before, matches, condition, in_calendar"
        ],
    ),
    "an unknown consequence": (
        LINES,
        "on_fail: warn",
        "on_fail: ignore",
        [
            "expectations.sent_after_sold.on_fail: input should be 'warn', 'quarantine' or 'abort' (given: 'ignore')",
        ],
    ),
    "a rule with the name of an implied one": (
        SHOP,
        "line_is_digits:",
        "amount_missing:",
        [
            "expectations.amount_missing: a name that ends in _missing, _unreadable, _required is that of a rule "
            "which columns imply"
        ],
    ),
    "a missing argument of a check": (
        LINES,
        ", max: 9",
        "",
        ["expectations.amount_is_small.max: the check 'between' needs it"],
    ),
    "a surplus argument of a check": (
        LINES,
        "max: 9",
        "max: 9, step: 2",
        ["expectations.amount_is_small.step: the check 'between' has no such argument"],
    ),
    "an argument of the wrong kind": (
        LINES,
        "max: 9",
        "max: [9]",
        ["expectations.amount_is_small.max: must be a text or a number"],
    ),
    "values that are no list": (
        SHOP,
        "{check: matches, column: line, pattern: '\\d+', on_fail: quarantine}",
        "{check: one_of, column: line, values: Same Day, on_fail: warn}",
        ["expectations.line_is_digits.values: must be a list of texts or numbers"],
    ),
    "a pattern that is none": (
        SHOP,
        "pattern: '\\d+'",
        "pattern: '(\\d+'",
        [
            "expectations.line_is_digits.pattern: is no regular expression: missing ), unterminated subpattern at "
            "position 0"
        ],
    ),
    "a rule about a column that does not exist": (
        LINES,
        "other: sold_on",
        "other: solt_on",
        ["expectations.sent_after_sold.other: there is no column 'solt_on'"],
    ),
    "columns as a list": (
        DAYS,
        "columns:\n  day: {type: date, required: true, description: The day.}\n"
        "  amount: {type: money, description: The amount.}",
        "columns: [{name: day, type: date, description: D.}, {name: amount, type: money, description: A.}]",
        ["columns: must be a mapping from names to what they mean"],
    ),
    "a cycle of inputs": (
        LINES,
        "owner:",
        "inputs: [gold.days]\nowner:",
        [
            "inputs: gold.days is built from itself, by way of a cycle",
            "inputs: silver.lines is built from itself, by way of a cycle",
        ],
    ),
    "an input that does not exist": (
        DAYS,
        "[silver.lines]",
        "[silver.line]",
        ["inputs: there is no table 'silver.line'"],
    ),
    "a name that is not the file's": (
        DAYS,
        "table: gold.days",
        "table: gold.day",
        ["table: is 'gold.day', but its file says 'gold.days'"],
    ),
    "a source's name that is not the file's": (
        SHOP,
        "source: shop",
        "source: store",
        ["source: is 'store', but its file says 'shop'"],
    ),
    "a source's table that does not exist": (
        SHOP,
        "table: silver.lines",
        "table: silver.sales",
        ["table: there is no table 'silver.sales'"],
    ),
    "a source's key that does not exist": (SHOP, "keys: [line]", "keys: [lines]", ["keys: there is no column 'lines'"]),
    "a single key that may be missing": (
        SHOP,
        "{header: Line, type: text, required: true}",
        "{header: Line, type: text}",
        ["keys: 'line' alone is the key, so it must be required"],
    ),
    "two headers that are the same to the reader": (
        SHOP,
        "header: Amount",
        "header: 'SOLD  ON'",
        ["columns: the header 'sold on' stands twice"],
    ),
    "a column that is of another type in the table": (
        SHOP,
        "{header: Amount, type: money}",
        "{header: Amount, type: integer}",
        [
            "columns.amount.type: is integer, but money in silver.lines: give the column another name, and make the "
            "table's one of it in the source's transform"
        ],
    ),
    "a source's rule with the name of its table's": (
        SHOP,
        "line_is_digits:",
        "amount_is_small:",
        ["expectations.amount_is_small: silver.lines has a rule of this name already"],
    ),
    "an unknown encoding": (
        SHOP,
        "decimal: ','",
        "encoding: cp-1252-de\ndecimal: ','",
        ["encoding: Python knows no text encoding 'cp-1252-de'; cp1252 and utf-8 are two it knows"],
    ),
    "an encoding that is none of text": (
        SHOP,
        "decimal: ','",
        "encoding: base64\ndecimal: ','",
        ["encoding: Python knows no text encoding 'base64'; cp1252 and utf-8 are two it knows"],
    ),
    "an unknown delimiter": (
        SHOP,
        "decimal: ','",
        "delimiter: ':'\ndecimal: ','",
        ["delimiter: ':' is none of comma (','), semicolon (';'), tab ('\\t'), pipe ('|')"],
    ),
    "an unknown decimal mark": (
        SHOP,
        "decimal: ','",
        "decimal: '·'",
        ["decimal: '·' is none of point ('.'), comma (',')"],
    ),
    "decimal and thousands alike": (
        SHOP,
        "thousands: '.'",
        "thousands: ','",
        ["thousands: is the same as decimal, so that 1.234 could be read in two ways"],
    ),
    "date formats that can be confused": (
        SHOP,
        "[dd.MM.yyyy, yyyy-MM-dd]",
        "[dd.MM.yyyy, MM.dd.yyyy]",
        ["date_formats: one text can be read both as 'dd.MM.yyyy' and as 'MM.dd.yyyy'"],
    ),
    "date formats that can be confused on some days alone": (
        SHOP,
        "[dd.MM.yyyy, yyyy-MM-dd]",
        "[M/d/yyyy, MM/dd/yyyy]",
        ["date_formats: one text can be read both as 'M/d/yyyy' and as 'MM/dd/yyyy'"],
    ),
    "date formats without a separator that can be confused": (
        SHOP,
        "[dd.MM.yyyy, yyyy-MM-dd]",
        "[yyyyMMdd, ddMMyyyy]",
        ["date_formats: one text can be read both as 'yyyyMMdd' and as 'ddMMyyyy'"],
    ),
    "a date format that can be read in two ways by itself": (
        SHOP,
        "dd.MM.yyyy,",
        "Mdyyyy,",
        [
            "date_formats: 'Mdyyyy' has a number of one or two digits right before another one: "
            "nobody can tell where it ends"
        ],
    ),
    "a date format without a year": (
        SHOP,
        "dd.MM.yyyy,",
        "dd.MM.,",
        ["date_formats: 'dd.MM.' does not tell year, month and day"],
    ),
    "a date format with other letters": (
        SHOP,
        "dd.MM.yyyy,",
        "dd MMM yyyy,",
        ["date_formats: 'dd MMM yyyy' has letters that are none of yyyy, MM, M, dd, d, HH, H, mm, ss"],
    ),
    "no date format": (
        SHOP,
        "[dd.MM.yyyy, yyyy-MM-dd]",
        "[]",
        ["date_formats: there is none, but the source has dates"],
    ),
    "an as-of pattern that is no regular expression": (
        SHOP,
        "'_(\\d{8})\\.csv'",
        "'_(\\d{8}\\.csv'",
        ["as_of.pattern: is no regular expression: missing ), unterminated subpattern at position 1"],
    ),
    "an as-of pattern without a group": (
        SHOP,
        "'_(\\d{8})\\.csv'",
        "'_\\d{8}\\.csv'",
        ["as_of.pattern: needs exactly one group, the moment of extraction"],
    ),
    "an as-of format that tells no day": (
        SHOP,
        "'%Y%m%d'",
        "'%Y%m'",
        ["as_of.format: '%Y%m' is no format of Python's strptime that tells year, month and day"],
    ),
    "an as-of pattern without its format": (
        SHOP,
        ", format: '%Y%m%d'",
        "",
        ["as_of: needs both a pattern and a format"],
    ),
}


@pytest.mark.parametrize("file, old, new, expected", CASES.values(), ids=CASES)
def test_is_found_with_its_file_and_path(tmp_path: Path, file: str, old: str, new: str, expected: list[str]) -> None:
    found = findings_of(tmp_path, {file: (old, new)})
    if "cycle" in expected[0]:  # the one finding that belongs to two files
        assert sorted(found) == [f"{DAYS}: {expected[0]}", f"{LINES}: {expected[1]}"]
    else:
        assert found == [f"{file}: {each}" for each in expected]


def test_a_dimension_with_history_needs_its_keys_from_each_source(tmp_path: Path) -> None:
    found = findings_of(tmp_path, {DAYS: ("history: {scd: 1", "history: {scd: 2")})
    assert found == [f"{SHOP}: natural_keys.gold.days: is missing; name the columns of silver.lines"]


def test_what_is_not_yaml_is_found(tmp_path: Path) -> None:
    (found,) = findings_of(tmp_path, {DAYS: ("keys: [day]", "keys: [day")})
    assert found == f"{DAYS}: line 5, column 7: while parsing a flow sequence expected ',' or ']', but got ':'"


def test_a_file_that_is_no_mapping_is_found(tmp_path: Path) -> None:
    assert findings_of(tmp_path, {DAYS: (TREE[DAYS], "- a\n- b\n")}) == [
        f"{DAYS}: the file is not a mapping of keys to values"
    ]


def test_an_empty_file_is_found(tmp_path: Path) -> None:
    assert findings_of(tmp_path, {DAYS: (TREE[DAYS], "")}) == [f"{DAYS}: the file is not a mapping of keys to values"]


def test_a_file_that_is_not_utf_8_is_found(tmp_path: Path) -> None:
    findings_of(tmp_path, {})
    (tmp_path / DAYS).write_bytes("description: Größe".encode("cp1252"))
    with pytest.raises(ContractError) as caught:
        load_catalog(tmp_path)
    assert caught.value.findings[0].startswith(f"{DAYS}: 'utf-8' codec can't decode")


def test_a_broken_contract_is_not_blamed_on_those_that_refer_to_it(tmp_path: Path) -> None:
    found = findings_of(tmp_path, {LINES: ("type: money", "type: euro")})
    assert [f.partition(":")[0] for f in found] == [LINES]


def test_all_findings_come_in_one_error(tmp_path: Path) -> None:
    changes = {
        LINES: ("check: between", "check: within"),
        DAYS: ("keys: [day]", "keys: [dya]"),
        SHOP: ("date_formats: [dd.MM.yyyy, yyyy-MM-dd]", "date_formats: [dd MMM yyyy]\nencoding: x\ndelimiter: ':'"),
    }
    found = findings_of(tmp_path, changes)
    assert len(found) == 5
    assert [f.partition(":")[0] for f in found] == [DAYS, LINES, SHOP, SHOP, SHOP]
    with pytest.raises(UsageError) as caught:
        load_catalog(tmp_path)
    assert caught.value.exit_code == 2
    told = str(caught.value).splitlines()
    assert told[0] == "the configuration has 5 finding(s); mend them and run again:"
    assert [line.strip() for line in told[1:]] == found


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no folder .*contracts; point LAKEHOUSE_CONF"):
        load_catalog(tmp_path)
