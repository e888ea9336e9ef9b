"""What is refused in the description of a source: each finding with its file and its path in the file."""

from pathlib import Path

import pytest

from tests.unit.contract_tree import DAYS, SHOP, findings_of

CASES = {
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
    "a rule with the name of an implied one": (
        SHOP,
        "line_is_digits:",
        "amount_missing:",
        [
            "expectations.amount_missing: a name that ends in _missing, _unreadable, _required is that of a rule "
            "which columns imply"
        ],
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
    "a source's name that is not the file's": (
        SHOP,
        "source: shop",
        "source: store",
        ["source: is 'store', but its file says 'shop'"],
    ),
    "a source whose files would lie in the folder of a table": (
        SHOP,
        "source: shop",
        "source: messages",
        [
            "source: is 'messages', but its file says 'shop'",
            "source: bronze.messages is a table, and its folder that of this source's files; give one another name",
        ],
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
        ["date_formats: 'dd MMM yyyy' has letters that are none of yyyy, MM, M, dd, d, HH, H, mm, ss, SSSSSS"],
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
    assert found == [f"{file}: {each}" for each in expected]


def test_a_dimension_with_history_needs_its_keys_from_each_source(tmp_path: Path) -> None:
    found = findings_of(tmp_path, {DAYS: ("history: {scd: 1", "history: {scd: 2")})
    assert found == [f"{SHOP}: natural_keys.gold.days: is missing; name the columns of silver.lines"]
