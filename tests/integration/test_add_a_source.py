"""docs/how-to/add-a-source.md is true: its two files, taken from the page, bring a third source into silver."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, QueryBuilder

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-a-source.md"
BLOCK = re.compile(r"^`([\w/.]+)`:\n\n```(?:yaml|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

HEADER = "Beleg;Zeile;Verkauft am;Kundennr.;Kunde;Ort;Artikelnr.;Bezeichnung;Warengruppe;Menge;Einzelpreis;Gesamtbetrag"
RECEIPTS = [
    "B-2024-17;1;29.02.2024;K007;Jörg Müller;Köln;0815;Bergkäse am Stück;Käse;1.200;1,95;2.340,00",
    'B-2024-17;2;29.02.2024;K007;Jörg  Müller ;Köln;0042;"Brot; ""groß""";Brot;2;4,5;9,0',
    "B-2024-18;1;01.03.2024;;;;0815;Bergkäse am Stück;Blumen;-1;1,95;-1,95",
    "B-2024-18;2;01.03.2024;;;;0815;Bergkäse am Stück;Käse;1;1,95;1.95",
]
CORRECTED = ["B-2024-17;2;01.03.2024;K007;Jörg Müller;Köln;0042;Brot;Brot;3;4,50;13,50"]


def blocks() -> dict[str, str]:
    """The files of the page, by path."""
    return dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))


def write_export(path: Path, lines: list[str]) -> Path:
    path.write_bytes("\r\n".join([HEADER, *lines, ""]).encode("cp1252"))
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the product with the files of the page added."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for part in ("lakehouse", "conf"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    for path, text in blocks().items():
        assert not (tmp_path / path).exists(), f"{path} is there already: the page must add a new source"
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def lakehouse(tree: Path, *arguments: str) -> dict[str, Any]:
    """What a command of that copy prints as JSON."""
    command = [sys.executable, "-m", "lakehouse.cli.main", *arguments, "--json"]
    own = {"PYTHONPATH": str(tree), "LAKEHOUSE_HOME": str(tree / "home"), "LAKEHOUSE_CONF": str(tree / "conf")}
    done = subprocess.run(command, cwd=tree, env=os.environ | own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def select(tree: Path, table: str, sql: str) -> list[dict[str, Any]]:
    """Rows of a table, read without Spark."""
    opened = QueryBuilder().register("t", DeltaTable(tree / "home" / table))
    return list(pa.table(opened.execute(sql)).to_pylist())


def test_the_page_has_one_yaml_and_one_python_file() -> None:
    assert set(blocks()) == {"conf/sources/hofladen.yml", "lakehouse/silver/sources/hofladen.py"}


def test_the_example_in_the_page_is_what_is_run_here() -> None:
    assert f"```text\n{HEADER}\n{RECEIPTS[0]}\n```" in PAGE.read_text(encoding="utf-8")


@pytest.mark.spark
@pytest.mark.timeout(900)
def test_two_files_add_a_source(tree: Path) -> None:
    first = write_export(tree / "hofladen_20240301.csv", RECEIPTS)
    second = write_export(tree / "hofladen_20240302.csv", CORRECTED)
    told = lakehouse(tree, "run", "--to", "gold", "--source", "hofladen", str(first), str(second))

    (file, _), (batch, correction) = told["files"], told["batches"]
    assert (file["encoding"], file["delimiter"], file["as_of"]) == ("cp1252", ";", "2024-03-01T00:00:00+00:00")
    assert (batch["rows_in"], batch["inserted"], batch["quarantined"]) == (4, 3, 1)
    assert batch["normalised"] == {"customer_name": 1}
    assert batch["warnings"] == {"category_known": 1}
    assert (correction["rows_in"], correction["updated"]) == (1, 1)

    rows = select(
        tree,
        "silver/sales",
        "SELECT order_id, order_date, customer_id, customer_name, city, country, product_id, product_name, category, "
        "quantity, unit_price, sales, is_return, ordered_at, recorded_at, source_system, _source_row FROM t "
        "ORDER BY recorded_at, _source_row",
    )
    assert [row["_source_row"] for row in rows] == [2, 4, 2]
    assert rows[0] | {"ordered_at": None, "recorded_at": None} == {
        "order_id": "B-2024-17",
        "order_date": date(2024, 2, 29),
        "customer_id": "K007",
        "customer_name": "Jörg Müller",
        "city": "Köln",
        "country": "Germany",
        "product_id": "0815",
        "product_name": "Bergkäse am Stück",
        "category": "Käse",
        "quantity": 1200,
        "unit_price": Decimal("1.950000"),
        "sales": Decimal("2340.000000"),
        "is_return": False,
        "ordered_at": None,
        "recorded_at": None,
        "source_system": "hofladen",
        "_source_row": 2,
    }
    assert rows[0]["ordered_at"] == datetime(2024, 2, 29, tzinfo=UTC)
    assert rows[0]["recorded_at"] == datetime(2024, 3, 1, tzinfo=UTC)
    assert (rows[1]["is_return"], rows[1]["sales"], rows[1]["customer_id"]) == (True, Decimal("-1.950000"), None)
    assert (rows[2]["product_name"], rows[2]["quantity"], rows[2]["sales"]) == ("Brot", 3, Decimal("13.500000"))
    assert rows[2]["order_date"] == date(2024, 3, 1)

    (bad,) = select(tree, "ops/quarantine", "SELECT line, raw_text, reasons FROM t")
    assert (bad["line"], bad["raw_text"], bad["reasons"]) == (5, RECEIPTS[3], ["total_unreadable"])

    facts = "SELECT count(*) AS facts, count(DISTINCT store_sk) AS stores, min(customer_sk) AS guest FROM t"
    assert select(tree, "gold/fact_sales", facts) == [{"facts": 3, "stores": 2, "guest": -1}]
