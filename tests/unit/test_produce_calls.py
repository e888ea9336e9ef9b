"""Calls of `lakehouse produce` that are wrong: one sentence, the right exit code, nothing asked of a broker."""

import pytest

from lakehouse.streams import topics
from tests.unit.calls import Command


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("a broker was asked")

    monkeypatch.setattr(topics, "described", asked)


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["--garbage", "-0.1"], "the share of garbage is -0.1: choose a number from 0 to 1"),
        (["--late", "nan"], "the share of late is nan: choose a number from 0 to 1"),
        (
            ["--late", "0.9", "--deletes", "0.3"],
            "the shares of duplicates, late, corrections, deletes, garbage sum to 1.39: choose shares of 1 together",
        ),
        (["--now", "yesterday"], "--now 'yesterday' is no ISO 8601 moment such as 2024-06-01T06:00:00Z"),
        (
            ["--now", "2020-01-01"],
            "--now 2020-01-01 must lie between 2024-06-01, after the made-up orders, and now",
        ),
        (
            ["--now", "2999-01-01T00:00:00Z"],
            "--now 2999-01-01T00:00:00Z must lie between 2024-06-01, after the made-up orders, and now",
        ),
        (
            ["--topic", "two words"],
            "--topic 'two words' must be a topic's name: 1 to 249 of letters, digits and . _ -, and not . or .. alone",
        ),
    ],
)
def test_a_wrong_value_is_told(lakehouse: Command, arguments: list[str], sentence: str) -> None:
    ended = lakehouse("produce", *arguments)
    assert (ended.code, ended.sentence) == (2, sentence)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--events", "-1"],
        ["--rate", "0"],
        ["--rate", "nan"],
        ["--interval", "inf"],
        ["--patience", "1000"],
        ["--interval", "-1"],
        ["--transaction-size", "0"],
        ["--partitions", "0"],
        ["--abort", "1.5"],
        ["--patience", "0"],
        ["--garbage", "much"],
        ["--sample-rows", "10"],
        ["sales"],
    ],
)
def test_a_wrong_option_is_told(lakehouse: Command, arguments: list[str]) -> None:
    ended = lakehouse("produce", *arguments)
    assert ended.code == 2
    assert ended.sentence.endswith("lakehouse produce --help tells what there is")


def test_where_no_broker_is_known_it_is_told_how_to_have_one(
    lakehouse: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    ended = lakehouse("produce")
    assert ended.code == 2
    assert ended.sentence.startswith("no broker runs here: lakehouse kafka start begins one")
