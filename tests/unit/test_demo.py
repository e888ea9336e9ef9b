"""The demo keeps to a lakehouse of its own."""

import os
import re
from pathlib import Path

import pytest

from lakehouse.cli.demo import _prepared, _scenes
from lakehouse.errors import UsageError
from lakehouse.runtime.settings import load_settings
from lakehouse.runtime.storage_settings import StorageSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "LAKEHOUSE_HOME": str(tmp_path / "lakehouse")})


def test_the_demo_begins_anew_and_leaves_the_lakehouse_around_it(tmp_path: Path) -> None:
    theirs, before = tmp_path / "lakehouse" / "bronze" / "file", tmp_path / "lakehouse" / "demo" / "bronze" / "file"
    for file in (theirs, before):
        file.parent.mkdir(parents=True)
        file.touch()
    files = _prepared(None, tmp_path / "lakehouse" / "demo", 7, StorageSettings())
    assert [file.day for file in files] == [1, 2, 3]
    assert (theirs.exists(), before.exists()) == (True, False)


def test_what_the_demo_says_it_put_in_adds_up_to_what_the_accounting_says(tmp_path: Path) -> None:
    files = _prepared(None, tmp_path / "lakehouse" / "demo", 7, StorageSettings())
    words = next(scene.words for scene in _scenes(files) if scene.title.startswith("Day 2"))
    *counts, total = map(int, re.findall(r"\d+", words))
    assert sum(counts) == total == files[1].records
    assert f"{words.partition(' in all')[0]} in all …" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_nothing_made_up_goes_to_snowflake(tmp_path: Path) -> None:
    os.environ["LAKEHOUSE_WAREHOUSE__KIND"] = "snowflake"
    for name in ("ACCOUNT", "USER", "PRIVATE_KEY_FILE", "ROLE", "WAREHOUSE"):
        os.environ[f"LAKEHOUSE_WAREHOUSE__{name}"] = "theirs"
    assert load_settings(None).warehouse.kind == "snowflake"
    with pytest.raises(UsageError, match="only Snowflake has that, but kind is local"):
        _prepared(None, tmp_path / "lakehouse" / "demo", 7, StorageSettings())
