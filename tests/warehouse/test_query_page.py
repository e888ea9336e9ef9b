"""docs/how-to/query-gold.md is true: its questions are answered, its readers read the newest release."""

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from lakehouse.cli.main import main
from lakehouse.publish.job import publish
from lakehouse.runtime.lake import Lake
from tests.warehouse.gold import publish_ready, rows_of, small_gold

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "query-gold.md").read_text(encoding="utf-8")
QUESTIONS = [shlex.split(line)[1:] for line in re.findall(r"^\$ (lakehouse query .*)$", PAGE, re.MULTILINE)]
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def published(served: Lake) -> Lake:
    publish_ready(served, small_gold(), 1)
    publish(served)
    return served


@pytest.fixture(autouse=True)
def at_home(published: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_HOME", published.root)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_every_question_of_the_page_is_answered(question: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(question)
    assert ended.value.code == 0


def test_the_reader_of_the_page_reads_the_newest_release(published: Lake, capfd: pytest.CaptureFixture[str]) -> None:
    known: dict[str, Any] = {}
    reader, in_duckdb, in_spark = PROGRAMS
    exec(compile(reader, "gold_reader.py", "exec"), known)
    assert known["gold"]("fact_sales").num_rows == len(rows_of(published, "gold.fact_sales"))
    exec(compile(in_duckdb, "in_duckdb.py", "exec"), known)
    assert "region" in capfd.readouterr().out
    compile(in_spark, "in_spark.py", "exec")
    assert len(QUESTIONS) == 4
