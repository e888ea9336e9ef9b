"""docs/tutorial/first-batch.md is true: its commands, run one after the other, print what it shows."""

import re
import shlex
from pathlib import Path

import click
import pytest
from pyspark.sql import SparkSession

from lakehouse.cli.main import cli

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "first-batch.md"
BLOCK = re.compile(r"^```(console|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?")
BY_HAND = ("make", "source")
"""Commands that made this test's own environment."""


def plain(line: str) -> str:
    """A line without what differs from one day or terminal to another: moments, and the width of columns."""
    return " ".join(re.sub(r"[━┃┏┓┡┩╇┳└┘┴─]+", "", MOMENT.sub("…", line)).split())


def ended(words: list[str]) -> int:
    try:
        return cli.main(words, prog_name="lakehouse", standalone_mode=False) or 0
    except click.exceptions.Exit as error:
        return error.exit_code


@pytest.mark.usefixtures("spark", "home")
def test_the_tutorial_prints_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spark: SparkSession
) -> None:
    monkeypatch.chdir(tmp_path)
    printed: list[str] = []
    shown = run = 0
    for kind, block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "text":
            missing = [line for line in map(plain, block.splitlines()) if line not in printed]
            assert missing == []
            shown += 1
            continue
        printed = []
        for words in (shlex.split(line.removeprefix("$ ")) for line in block.splitlines()):
            if words[0] in BY_HAND:
                continue
            agreed = ["--yes"] if words[1] == "reset" else []
            code = ended([*words[1:], *agreed])
            out = capsys.readouterr().out
            assert code == 0, (words, out)
            printed += ["", *map(plain, out.splitlines())]
            run += 1
    assert (shown, run) > (5, 10)
