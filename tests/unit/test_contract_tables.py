"""What is refused in the contract of a table: each finding with its file and its path in the file."""

from pathlib import Path

import pytest

from tests.unit.contract_tree import DAYS, LINES, findings_of

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
}


@pytest.mark.parametrize("file, old, new, expected", CASES.values(), ids=CASES)
def test_is_found_with_its_file_and_path(tmp_path: Path, file: str, old: str, new: str, expected: list[str]) -> None:
    found = findings_of(tmp_path, {file: (old, new)})
    if "cycle" in expected[0]:  # the one finding that belongs to two files
        assert sorted(found) == [f"{DAYS}: {expected[0]}", f"{LINES}: {expected[1]}"]
    else:
        assert found == [f"{file}: {each}" for each in expected]
