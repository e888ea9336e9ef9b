"""The tutorial and the how-to for one's own CSV are true: their commands, one after the other, print what they show."""

import os
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pyspark.sql import SparkSession

from lakehouse.cli.main import cli
from lakehouse.streams import broker

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"(?:^`([\w.]+)`:\n\n)?^```(console|text|csv|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?|(?<=as of )\d{4}-\d\d-\d\d")
BY_HAND = ("make", "source", "export")
"""Commands that made this test's own environment."""

ASKING = ("reset", "withdraw")
"""Commands that ask a person first."""


def plain(line: str) -> str:
    """A line without what differs from one day or terminal to another: moments, and the width of columns."""
    return " ".join(re.sub(r"[━┃┏┓┡┩╇┳└┘┴─]+", "", MOMENT.sub("…", line)).split())


def ended(words: list[str]) -> int:
    try:
        return cli.main(words, prog_name="lakehouse", standalone_mode=False) or 0
    except click.exceptions.Exit as error:
        return error.exit_code


def write_files(page: str) -> None:
    """The files of a page, each an hour younger than the one before."""
    files = [(name, text) for name, kind, text in BLOCK.findall(page) if kind == "csv"]
    for hours, (name, text) in enumerate(reversed(files), 1):
        Path(name).write_text(text, encoding="utf-8")
        os.utime(name, (time.time() - 3600 * hours,) * 2)


@pytest.fixture
def broker_stopped(home: Path) -> Iterator[None]:
    """A page may start a broker; where it fails before it stops it, this does."""
    yield
    broker.stop(str(home))


@pytest.mark.usefixtures("spark", "broker_stopped")
@pytest.mark.parametrize(
    "name, least",
    [("tutorial/first-batch.md", (6, 11)), ("how-to/load-your-csv.md", (4, 7)), ("tutorial/first-stream.md", (3, 13))],
)
def test_a_page_prints_what_it_shows(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    spark: SparkSession,
    name: str,
    least: tuple[int, int],
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (DOCS / name).read_text(encoding="utf-8")
    write_files(page)
    printed: list[str] = []
    shown = run = 0
    for _, kind, block in BLOCK.findall(page):
        if kind == "text":
            missing = [line for line in map(plain, block.splitlines()) if line not in printed]
            assert missing == []
            shown += 1
        elif kind == "python":
            exec(compile(block, name, "exec"), {})
            assert capsys.readouterr().out
        elif kind == "console":
            printed = []
            for words in (shlex.split(line.removeprefix("$ ")) for line in block.splitlines()):
                if words[0] in BY_HAND:
                    continue
                code = ended([*words[1:], *(["--yes"] if words[1] in ASKING else [])])
                out = capsys.readouterr().out
                assert code == 0, (words, out)
                printed += ["", *map(plain, out.splitlines())]
                run += 1
    assert (shown, run) >= least
