"""The loader of contracts and sources: what is sound, files that are none, and all findings in one error."""

from pathlib import Path

import pytest

from lakehouse.conf import conf_folder
from lakehouse.contract.loader import ContractError, load_catalog
from lakehouse.errors import UsageError
from tests.unit.contract_tree import DAYS, LINES, SHOP, TREE, findings_of


def test_the_tree_of_these_tests_is_sound(tmp_path: Path) -> None:
    assert findings_of(tmp_path, {}) == []


def test_the_product_s_own_configuration_is_sound() -> None:
    catalog = load_catalog(conf_folder())
    assert {"silver.sales", "ops.quarantine"} <= catalog.tables.keys()
    assert {"superstore", "online_retail"} <= catalog.sources.keys()


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


def test_two_files_of_one_table_are_found(tmp_path: Path) -> None:
    (tmp_path / DAYS).parent.mkdir(parents=True)
    (tmp_path / DAYS).with_suffix(".yaml").write_text(TREE[DAYS], encoding="utf-8")
    told = "table: another file is of 'gold.days', too; remove one of them"
    assert findings_of(tmp_path, {}) == [f"{DAYS.replace('.yml', '.yaml')}: {told}", f"{DAYS}: {told}"]


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no folder .*contracts; point LAKEHOUSE_CONF"):
        load_catalog(tmp_path)
