"""`audit bronze`: what is missing, changed, unknown or interrupted is told, and nothing is touched."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lakehouse.bronze import ledger
from lakehouse.bronze.landing import land
from lakehouse.bronze.ledger import Landing
from lakehouse.care.audit import audit
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import lease
from lakehouse.runtime.local_store import LocalStore
from tests.unit.bronze_objects import FINDINGS, counts, files_of, killed, object_of, stray, told
from tests.unit.calls import Command, printed_without_pyspark

LATER = datetime(2024, 6, 2, tzinfo=UTC)


def removed(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def other_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2] + b"X\n")


def in_a_folder_that_is_a_file(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_bytes(b"")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def test_an_empty_lakehouse_is_sound_and_stays_empty(lakehouse: Command, lake: Lake) -> None:
    for arguments in ([], ["--clean"], ["--clean", "--yes"]):
        nothing = {name: [] for name in (*FINDINGS, "removed")}
        assert told(lakehouse, *arguments) == (0, {"ok": True, "files": 0, "bytes": 0, "ledger_lost": False, **nothing})
    assert not Path(lake.root).exists()


def test_a_sound_lakehouse_is_read_wholly_and_not_touched(lakehouse: Command, lake: Lake, landed: Landing) -> None:
    before = files_of(lake)
    done = lakehouse("audit", "bronze")
    assert done.code == 0
    assert done.out.replace(" ", "") == (
        f"1file(s)checked,{landed.size}byte(s)read:0missing,0changed,0unknown,0interrupted\n"
    )
    assert files_of(lake) == before


def test_it_loads_no_pyspark(landed: Landing) -> None:
    assert json.loads(printed_without_pyspark("audit", "bronze", "--json"))["files"] == 1


@pytest.mark.parametrize(
    "break_it, finding, what",
    [
        (removed, "missing", "bytes"),
        (in_a_folder_that_is_a_file, "missing", "bytes"),
        (a_folder, "missing", "bytes"),
        (cut, "changed", "bytes"),
        (other_bytes, "changed", "sha256"),
    ],
)
def test_a_broken_object_is_told_with_its_landing(
    lakehouse: Command, lake: Lake, landed: Landing, break_it: Callable[[Path], None], finding: str, what: str
) -> None:
    break_it(object_of(lake, landed))
    code, document = told(lakehouse)
    assert (code, document["ok"], document["files"]) == (1, False, 1)
    assert document["bytes"] == (0 if what == "bytes" else landed.size)
    (one,) = document[finding]
    assert [one[name] for name in ("source", "file_name", "landing_id", "path", "what")] == [
        *("superstore", landed.file_name, landed.landing_id, landed.path),
        what,
    ]
    assert one["expected"] == (landed.size if what == "bytes" else landed.sha256)
    assert (one["found"] is None) == (finding == "missing")
    done = lakehouse("audit", "bronze")
    assert done.code == 1
    assert f"{finding}: {landed.path}: landed " in done.out
    assert landed.sha256 in done.out
    assert "docs/how-to/recover-from-a-failed-run.md tells how" in done.out


def test_bytes_put_back_mend_it(lake: Lake, landed: Landing, file: Path) -> None:
    removed(object_of(lake, landed))
    assert counts(audit(lake)) == {"missing": 1}
    shutil.copy(file, object_of(lake, landed))
    assert counts(audit(lake)) == {}


def test_a_rejected_file_must_be_there_too(lake: Lake, file: Path) -> None:
    file.write_text("day,degrees\n2024-05-01,21\n")
    (outcome,) = land(lake, lake.source("superstore"), [file])
    assert outcome.what == "rejected"
    assert counts(audit(lake)) == {}
    removed(object_of(lake, outcome.landing))
    assert counts(audit(lake)) == {"missing": 1}


def test_a_withdrawn_file_must_be_there_too(lake: Lake, landed: Landing) -> None:
    ledger.write(lake, [replace(landed, status="withdrawn")])
    assert (audit(lake).files, counts(audit(lake))) == (1, {})
    removed(object_of(lake, landed))
    assert counts(audit(lake)) == {"missing": 1}


def test_two_landings_on_one_object_are_one_file(lake: Lake, landed: Landing, file: Path) -> None:
    land(lake, lake.source("superstore"), [file], as_of=LATER)
    assert [one.path for one in ledger.read(lake)] == [landed.path, landed.path]
    assert (audit(lake).files, audit(lake).read, counts(audit(lake))) == (1, landed.size, {})
    ledger.write(lake, [replace(landed, status="withdrawn")])
    removed(object_of(lake, landed))
    assert counts(audit(lake)) == {"missing": 1}


def test_an_unknown_object_is_a_warning(lakehouse: Command, lake: Lake, landed: Landing) -> None:
    path = stray(lake)
    code, document = told(lakehouse)
    assert (code, document["ok"], document["removed"]) == (0, True, [])
    assert document["unknown"] == [{"path": path.relative_to(lake.root).as_posix(), "size": 5}]
    done = lakehouse("audit", "bronze")
    assert done.code == 0
    assert "lakehouse audit bronze --clean removes them" in done.out
    assert path.exists()


@pytest.mark.parametrize("point", ["ledger-landing", "object-put"])
def test_an_interrupted_landing_is_told_and_nothing_of_it_is_removed(
    lakehouse: Command, lake: Lake, file: Path, point: str
) -> None:
    killed(lake, file, point)
    before = files_of(lake)
    code, document = told(lakehouse, "--clean", "--yes")
    assert (code, document["files"], [one["file_name"] for one in document["interrupted"]]) == (0, 0, [file.name])
    assert (document["missing"], document["unknown"]) == ([], [])
    assert files_of(lake) == before
    assert f"land {file.name} of superstore again" in lakehouse("audit", "bronze").out


def test_an_abandoned_landing_keeps_its_object(lake: Lake, file: Path) -> None:
    """Whether a row's bytes must be there or not, its object is never an unknown one."""
    killed(lake, file, "object-put")
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:3]))
    land(lake, lake.source("superstore"), [file])
    assert {one.status for one in ledger.read(lake)} == {"abandoned", "landed"}
    assert (audit(lake).files, counts(audit(lake))) == (1, {})


def test_without_clean_it_does_not_wait_for_who_lands(lakehouse: Command, lake: Lake, landed: Landing) -> None:
    with lease(lake.root, ledger.TABLE):
        before = files_of(lake)
        assert lakehouse("audit", "bronze").code == 0
        assert files_of(lake) == before


def test_what_lands_while_it_looks_is_no_finding(
    lake: Lake, landed: Landing, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = file.with_name("superstore_2024-05-01T060000Z.csv")
    later.write_text("".join(file.read_text().splitlines(keepends=True)[:3]))
    steps: list[str] = []

    def then_lands(step: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*told: Any, **equal: Any) -> list[Any]:
            found = list(step(*told, **equal))
            steps.append(step.__name__)
            if len(steps) == 1:
                land(lake, lake.source("superstore"), [later])
            return found

        return stepped

    monkeypatch.setattr(ledger, "read", then_lands(ledger.read))
    monkeypatch.setattr(LocalStore, "objects_below", then_lands(LocalStore.objects_below))
    assert counts(audit(lake)) == {}
    assert {*steps} == {"read", "objects_below"}


def test_a_part_that_is_completed_while_objects_are_listed_is_passed_over(
    lake: Lake, landed: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stray(lake)
    lstat = Path.lstat

    def completed(self: Path) -> os.stat_result:
        if self == path:
            path.unlink()
        return lstat(self)

    monkeypatch.setattr(Path, "lstat", completed)
    assert counts(audit(lake)) == {}


def test_a_folder_that_cannot_be_read_is_told(
    lakehouse: Command, lake: Lake, landed: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a user without the right; these tests may run as one who has every right."""
    scandir = os.scandir

    def refused(path: str) -> Any:
        if str(path).endswith("superstore"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    done = lakehouse("audit", "bronze")
    assert done.code == 1
    assert done.sentence.endswith(
        "cannot be read or written: grant the right, or choose another place (that of the lakehouse is LAKEHOUSE_HOME)"
    )
