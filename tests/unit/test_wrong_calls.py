"""Calls with wrong arguments, sources, paths and moments: one clear sentence, the right exit code, nothing lost."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse.cli.jobs import land_csv
from lakehouse.cli.main import main
from tests.unit.calls import Command, nothing_happened

COMMANDS = ["land", "run"]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_source_is_named_with_those_there_are(
    lakehouse: Command, home: Path, file: Path, command: str
) -> None:
    ended = lakehouse(command, "--source", "ebay", file)
    assert ended.code == 2
    assert ended.sentence == "there is no source 'ebay': known are online_retail, superstore; add one in conf/sources"
    assert nothing_happened(home)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("missing", ["no_such_file.csv", "no_such_folder/", "*.csv", "deep/**/*.csv"])
def test_a_path_that_is_not_there(lakehouse: Command, home: Path, tmp_path: Path, command: str, missing: str) -> None:
    ended = lakehouse(command, "--source", "superstore", tmp_path / missing)
    assert ended.code == 2
    assert ended.sentence == f"{tmp_path / missing} is not there: check the path"
    assert nothing_happened(home)


def test_one_missing_path_of_several_stops_the_call_before_anything_lands(
    lakehouse: Command, home: Path, file: Path
) -> None:
    assert lakehouse("land", "--source", "superstore", file, file.with_name("gone.csv")).code == 2
    assert nothing_happened(home)


def test_a_folder_without_csv_files(lakehouse: Command, home: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no sales")
    ended = lakehouse("land", "--source", "superstore", tmp_path / "empty")
    assert ended.code == 2
    assert ended.sentence == f"{tmp_path / 'empty'} holds no .csv or .csv.gz file: check the path"
    assert nothing_happened(home)


@pytest.mark.parametrize("as_of", ["yesterday", "2024-13-01", "2024-02-30T00:00:00Z", "", "01.03.2024", "1709251200"])
def test_an_as_of_that_is_no_moment(lakehouse: Command, home: Path, file: Path, as_of: str) -> None:
    ended = lakehouse("land", "--source", "superstore", "--as-of", as_of, file)
    assert ended.code == 2
    assert ended.sentence == f"--as-of {as_of!r} is no ISO 8601 moment such as 2024-03-01T06:00:00Z"
    assert nothing_happened(home)


def test_an_as_of_in_the_future(lakehouse: Command, home: Path, file: Path) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=10)
    ended = lakehouse("land", "--source", "superstore", "--as-of", ahead.isoformat(), file)
    assert ended.code == 2
    assert ended.sentence.endswith(" UTC (option), which lies in the future: give the moment of its extraction")
    assert f"{ahead:%Y-%m-%d %H:%M:%S} UTC" in ended.sentence
    assert nothing_happened(home)


def test_a_modification_time_in_the_future(lakehouse: Command, home: Path, file: Path) -> None:
    plain = file.rename(file.with_name("plain.csv"))
    ahead = datetime.now(UTC).timestamp() + 3_600
    os.utime(plain, (ahead, ahead))
    ended = lakehouse("land", "--source", "superstore", plain)
    assert ended.code == 2
    assert "plain.csv would speak as of" in ended.sentence
    assert "(modification time)" in ended.sentence
    assert nothing_happened(home)


def test_a_file_name_whose_as_of_is_no_moment(lakehouse: Command, home: Path, file: Path) -> None:
    named = file.rename(file.with_name("superstore_2024-13-01T060000Z.csv"))
    ended = lakehouse("land", "--source", "superstore", named)
    assert ended.code == 2
    assert ended.sentence.startswith("superstore_2024-13-01T060000Z.csv should tell its as-of")
    assert nothing_happened(home)


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["fly"], "no such command 'fly': lakehouse --help tells what there is"),
        (["quer"], "no such command 'quer' (did you mean 'query'?): lakehouse --help tells what there is"),
        (
            ["warehouse", "stat"],
            "no such command 'stat' (did you mean 'start' or 'status'?): "
            "lakehouse warehouse --help tells what there is",
        ),
        (["land", "x"], "missing option '--source': lakehouse land --help tells what there is"),
        (["land", "--source", "superstore"], "missing argument 'PATHS...': lakehouse land --help tells what there is"),
        (["status", "--colour"], "no such option '--colour': lakehouse status --help tells what there is"),
        (
            ["query", "--fo", "csv", "x"],
            "no such option '--fo' (did you mean '--format'?): lakehouse query --help tells what there is",
        ),
        (
            ["query", "--format", "x", "y"],
            "invalid value for '--format': 'x' is not one of 'table', 'bars', 'csv', 'json', 'parquet': "
            "lakehouse query --help tells what there is",
        ),
        (["history"], "missing argument '{customer|product|store}': lakehouse history --help tells what there is"),
        (["status", "x"], "got unexpected extra argument (x): lakehouse status --help tells what there is"),
        (
            ["quarantine", "--limit", "x"],
            "invalid value for '--limit': 'x' is not a whole number: lakehouse quarantine --help tells what there is",
        ),
        (["query", "--limit"], "option '--limit' requires an argument: lakehouse --help tells what there is"),
    ],
)
def test_a_command_line_that_is_none(lakehouse: Command, home: Path, arguments: list[str], sentence: str) -> None:
    ended = lakehouse(*arguments)
    assert (ended.code, ended.out, ended.err) == (2, "", f"error: {sentence}\n")
    assert nothing_happened(home)


def test_a_job_called_wrongly_says_so_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--no-wat"], command=land_csv, name="land_csv.py")
    told = "error: no such option '--no-wat' (did you mean '--no-wait'?): land_csv.py --help tells what there is\n"
    assert (ended.value.code, capsys.readouterr().err) == (2, told)


@pytest.mark.parametrize("sql", ["select 1", "select * from fact_sales", "show tables"])
def test_a_question_before_there_is_a_release_says_what_makes_one(lakehouse: Command, home: Path, sql: str) -> None:
    ended = lakehouse("query", sql)
    assert (ended.code, ended.out) == (2, "")
    assert ended.sentence == (
        "the warehouse, local RETAIL.GOLD, has no release yet: lakehouse run --source NAME FILE makes one and "
        "publishes it"
    )
    assert not home.exists()


@pytest.mark.parametrize(
    "options, told",
    [
        (["--output", "x.csv"], "table is for reading: --output goes with --format csv, json or parquet"),
        (
            ["--format", "csv", "--output", "none/x.csv"],
            "there is no folder none: make it, or name a file elsewhere with --output",
        ),
    ],
)
def test_an_answer_that_could_not_be_written_is_not_asked_for(
    lakehouse: Command, home: Path, options: list[str], told: str
) -> None:
    ended = lakehouse("query", *options, "select 1")
    assert (ended.code, ended.sentence) == (2, told)


def test_the_list_of_commands_has_whole_sentences(lakehouse: Command) -> None:
    told = lakehouse("--help").out
    assert "..." not in told.partition("Commands:")[2]
    assert "silver and gold become as if they had never come" in " ".join(told.split())
