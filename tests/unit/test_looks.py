"""What the commands that look say: status, quarantine, releases diff; and how the others speak of releases."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest

from lakehouse.bronze import ledger
from lakehouse.care.status import status_of
from lakehouse.cli import asking, jobs, show
from lakehouse.cli.main import main
from lakehouse.gold import release
from lakehouse.gold.release import COMPLETE, Release
from lakehouse.ops import accounting, tables, withdrawals
from lakehouse.ops.accounting import Accounting
from lakehouse.ops.withdrawals import Withdrawal
from lakehouse.runtime.lake import Lake
from lakehouse.silver import SALES
from tests.unit.calls import Command, Person, printed_without_pyspark

AT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


def released(lake: Lake, number: int = 1, silver_version: int = 1, facts: int = 2000) -> Release:
    """A complete release on record; there are no tables of it."""
    made = Release(
        release_id=f"r{number:05d}-0123456789ab",
        number=number,
        kind="full",
        rule_fingerprint="f",
        silver_version=silver_version,
        status=COMPLETE,
        row_counts={"gold.fact_sales": facts},
        completed_at=AT,
    )
    release.write(lake, made)
    return made


def sold(lake: Lake, sale_id: str) -> int:
    """A line in silver; its version after."""
    mark = {"_batch_id": "b", "_landing_id": "l", "_source_file": "f", "_source_row": 1, "_content_hash": "v1:"}
    row = {"source_system": "superstore", "sale_id": sale_id, "recorded_at": AT, "is_deleted": False, **mark}
    known = {column.name for column in lake.table(SALES).columns}
    tables.append(lake, SALES, [{name: value for name, value in row.items() if name in known}])
    version = tables.version(lake, SALES)
    assert version is not None
    return version


def withdrawn(lake: Lake, file_name: str) -> None:
    ledger.write(lake, [replace(one, status="withdrawn") for one in ledger.read(lake, file_name=file_name)])


@pytest.fixture
def two_files(lakehouse: Command, file: Path) -> list[str]:
    """A file of 200 records as of March 2024, and one of two records as of May."""
    later = file.with_name("superstore_2024-05-01T060000Z.csv")
    later.write_text("".join(file.read_text().splitlines(keepends=True)[:3]))
    assert lakehouse("land", "--source", "superstore", file, later).code == 0
    return [file.name, later.name]


def test_files_taken_back_count_apart(lakehouse: Command, lake: Lake, two_files: list[str]) -> None:
    (before,) = status_of(lake)["bronze"]
    assert (before["landed"], before["withdrawn"], before["records"]) == (2, 0, 202)
    assert "withdrawn" not in lakehouse("status").out
    withdrawn(lake, two_files[1])
    (after,) = status_of(lake)["bronze"]
    assert (after["landed"], after["withdrawn"], after["records"]) == (1, 1, 200)
    assert after["newest as-of"] < before["newest as-of"] == datetime(2024, 5, 1, 6, tzinfo=UTC)
    assert "withdrawn" in lakehouse("status").out
    withdrawn(lake, two_files[0])
    (last,) = status_of(lake)["bronze"]
    assert (last["landed"], last["withdrawn"], last["records"], last["newest as-of"]) == (0, 2, 0, None)
    assert lakehouse("status").code == 0


@pytest.mark.parametrize(
    "restored, sentence",
    [
        (0, "a withdrawal was interrupted: any lakehouse run completes it"),
        (1, "a withdrawal was interrupted before it changed anything: say lakehouse withdraw once more"),
    ],
)
def test_a_withdrawal_left_prepared_is_told(lakehouse: Command, lake: Lake, restored: int, sentence: str) -> None:
    told = {"withdrawal_id": "w", "source": "superstore", "landing_ids": ("l",), "silver_version": 0, "removed": 0}
    prepared = Withdrawal(**told, restored=restored)
    withdrawals.write(lake, prepared)
    assert status_of(lake)["warnings"] == [sentence]
    withdrawals.write(lake, prepared.closed(1))
    assert status_of(lake)["warnings"] == []


def test_gold_is_told_and_whether_silver_is_ahead(lakehouse: Command, lake: Lake) -> None:
    assert status_of(lake)["gold"] == []
    version = sold(lake, "1")
    (none_yet,) = status_of(lake)["gold"]
    assert none_yet == {"release": None, "facts": None, "completed": None, "silver is ahead": True}
    released(lake, silver_version=version)
    (told,) = status_of(lake)["gold"]
    assert told == {"release": 1, "facts": 2000, "completed": AT, "silver is ahead": False}
    sold(lake, "2")
    assert status_of(lake)["gold"] == [{**told, "silver is ahead": True}]
    shown = lakehouse("status").out
    assert "Gold: the newest release" in shown
    assert "2 000" in shown
    assert "2026-11-21 14:30:00" in shown


def test_records_that_were_processed_are_told_as_such_whatever_became_of_them(
    lakehouse: Command, lake: Lake, two_files: list[str]
) -> None:
    assert status_of(lake)["bronze"][0]["processed"] == 0
    (first, _) = ledger.read(lake)
    told = {"batch_id": "b", "kind": "csv", "source": "superstore", "landing_id": first.landing_id, "generation": 0}
    classes = {"quarantined": 150, "blank": 50}
    done = Accounting(**told, rule_fingerprint="f", rows_in=200, silver_version=0, classes=classes, status="done")
    accounting.write(lake, done)
    (bronze,) = status_of(lake)["bronze"]
    assert (bronze["records"], bronze["processed"], bronze["quarantined"]) == (202, 200, 150)
    assert "┃ processed ┃" in lakehouse("status").out


def test_status_does_not_load_pyspark(lake: Lake, two_files: list[str]) -> None:
    released(lake, silver_version=sold(lake, "1"))
    out = printed_without_pyspark("status")
    assert "Gold: the newest release" in out


def test_quarantine_leaves_out_rows_of_files_taken_back(lakehouse: Command, lake: Lake) -> None:
    row = {"source": "superstore", "file": "f.csv", "batch_id": "b", "rule_fingerprint": "r", "reasons": ["x"]}
    moments = {"recorded_at": AT, "quarantined_at": AT}
    statuses = ["open", "withdrawn", "waived"]
    rows = [{**row, **moments, "landing_id": s, "line": 2, "status": s, "raw_text": s} for s in statuses]
    tables.append(lake, "ops.quarantine", rows)
    told = json.loads(lakehouse("quarantine", "--json").out)
    assert (told["rows"], [one["status"] for one in told["shown"]]) == (2, ["open", "waived"])
    assert lakehouse("quarantine", "--reason", "x").out.endswith("2 of 2 row(s); --json has them whole\n")


DIFFERENCE = {
    "gold.fact_sales": {
        "added": 1234,
        "sales": [Decimal("2800586.666200"), Decimal("2900000.5")],
        "quantity": [20, 2300],
        "profit": [Decimal("-1000"), None],
    }
}


def test_measures_stand_before_and_after(no_session: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse.gold.releases.difference", lambda *_: DIFFERENCE)
    shown = no_session("releases", "diff", "1", "2").out
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in shown.splitlines() if "│" in line]
    assert [cell[1:] for cell in cells] == [
        ["added", "1 234"],
        ["sales", "2 800 586.666200 → 2 900 000.5"],
        ["quantity", "20 → 2 300"],
        ["profit", "-1 000 → -"],
    ]
    told = json.loads(no_session("releases", "diff", "1", "2", "--json").out)
    assert told["gold.fact_sales"]["sales"] == ["2800586.666200", "2900000.5"]
    assert told["gold.fact_sales"]["quantity"] == [20, 2300]


def test_verify_says_what_it_builds_anew(lakehouse: Command) -> None:
    assert "silver anew from bronze, and gold from silver" in " ".join(lakehouse("verify", "--help").out.split())


def run_of_job(command: click.Command, capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([*arguments], command=command, name="job")
    assert ended.value.code == 0
    told = capfd.readouterr()
    return told.out, told.err


def test_the_job_into_gold_says_progress_only_without_json(
    no_session: Command, lake: Lake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def bring(*_: object, wait: bool, say: Any) -> Release:
        say("building")
        return released(lake)

    monkeypatch.setattr("lakehouse.gold.pending.is_pending", lambda _: True)
    monkeypatch.setattr("lakehouse.hops.spark_session", lambda *_: None)
    monkeypatch.setattr("lakehouse.gold.job.bring_to_gold", bring)
    out, err = run_of_job(jobs.silver_to_gold, capfd, "--json")
    assert (json.loads(out)["new"], err) == (True, "")
    out, err = run_of_job(jobs.silver_to_gold, capfd)
    assert (out, err) == ("gold: release 1, 2 000 fact(s), as before\n", "building\n")


@pytest.mark.parametrize("arguments", [["reset"], ["withdraw", "--source", "superstore", "--json"]])
def test_no_changes_nothing(
    lakehouse: Command, lake: Lake, two_files: list[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Person("n"))
    ended = lakehouse(*arguments, *(two_files if arguments[0] == "withdraw" else []))
    assert ended.code == 1
    assert ended.err.splitlines()[-1].rpartition("[y/N]: ")[2].strip() == "nothing was changed"
    assert "interrupted" not in ended.err
    assert "nothing" not in ended.out
    assert {one.status for one in ledger.read(lake)} == {"landed"}


def test_who_is_not_there_to_be_asked_removes_nothing(lakehouse: Command, lake: Lake, two_files: list[str]) -> None:
    ended = lakehouse("reset")
    assert (ended.code, ended.sentence) == (2, "nobody is there to be asked: say --yes to remove all of it")
    assert len(ledger.read(lake)) == 2


def test_without_a_table_there_is_no_digest_and_it_is_said(lakehouse: Command, home: Path) -> None:
    assert lakehouse("digest").out.startswith("there is no table of silver or gold yet: ")
    assert json.loads(lakehouse("digest", "--json").out) == {}


def test_a_question_stands_alone_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Living:
        def stop(self) -> None:
            seen.append("stop")

        def start(self) -> None:
            seen.append("start")

    monkeypatch.setattr(show, "_LIVING", [Living()])
    monkeypatch.setattr(click, "confirm", lambda question, **_: seen.append(question) or True)
    asking.agreed("Sure?")
    assert seen == ["stop", "Sure?", "start"]


def run_told(lakehouse: Command) -> tuple[str, Mapping[str, Any]]:
    asked = ("run", "--to", "gold", "--source", "superstore")
    return lakehouse(*asked).out, json.loads(lakehouse(*asked, "--json").out)


def test_a_release_that_was_there_is_told_as_before(lakehouse: Command, lake: Lake) -> None:
    released(lake)
    out, told = run_told(lakehouse)
    assert out.startswith("gold: release 1, 2 000 fact(s), as before\n")
    assert (told["release"]["number"], told["new_release"]) == (1, False)


def test_a_release_that_a_run_made_is_told_as_new(
    lakehouse: Command, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = iter((1, 2))
    monkeypatch.setattr("lakehouse.gold.pending.is_pending", lambda _: True)
    monkeypatch.setattr("lakehouse.hops.spark_session", lambda *_: None)
    monkeypatch.setattr("lakehouse.gold.job.bring_to_gold", lambda *_, **__: released(lake, number=next(made)))
    out, told = run_told(lakehouse)
    assert out.startswith("gold: release 1, 2 000 fact(s)\n")
    assert (told["release"]["number"], told["new_release"]) == (2, True)


def test_without_a_release_none_is_new(lakehouse: Command) -> None:
    out, told = run_told(lakehouse)
    assert "gold" not in out
    assert (told["release"], told["new_release"]) == (None, False)
