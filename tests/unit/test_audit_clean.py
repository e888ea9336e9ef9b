"""`audit bronze --clean`: objects that no row of the ledger names are removed, and nothing else ever is."""

import os
import shutil
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.bronze import EVENTS, ledger
from lakehouse.bronze.landing import land
from lakehouse.bronze.ledger import Landing
from lakehouse.care.audit import audit, clean
from lakehouse.errors import JobError
from lakehouse.ops import accounting
from lakehouse.ops.accounting import CLASSES, CSV, DONE, Accounting
from lakehouse.ops.opening import opened_or_created
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import lease
from tests.unit.bronze_objects import counts, files_of, killed, object_of, stray, told
from tests.unit.calls import Command, Person

LATER = datetime(2024, 6, 2, tzinfo=UTC)
NAMES = ["a day.csv", " ", "Übersicht €.csv", "漢字.csv", "a[red]b.csv", "line\nbreak.csv", os.fsdecode(b"bad\xff.csv")]


def leases_of(lake: Lake) -> dict[str, tuple[bytes, int]]:
    """The files of leases, which are written whenever one is held."""
    return {path: file for path, file in files_of(lake).items() if path.endswith(".lock")}


def test_clean_removes_the_unknown_objects_and_nothing_else(lakehouse: Command, lake: Lake, landed: Landing) -> None:
    before = files_of(lake)
    strays = [stray(lake), stray(lake, "top"), stray(lake, f"{landed.path.removeprefix('bronze/')}.part")]
    done = lakehouse("audit", "bronze", "--clean", "--yes")
    assert done.code == 0
    assert done.out.endswith("removed 3 object(s), 15 byte(s)\n")
    assert not any(path.exists() for path in strays)
    assert files_of(lake) == before | leases_of(lake)


def test_clean_mends_nothing_that_is_missing(lakehouse: Command, lake: Lake, landed: Landing) -> None:
    object_of(lake, landed).write_bytes(b"")
    stray(lake)
    code, document = told(lakehouse, "--clean", "--yes")
    assert (code, len(document["changed"]), len(document["removed"])) == (1, 1, 1)
    assert object_of(lake, landed).exists()


def test_what_a_kill_left_of_an_object_is_removed_and_the_landing_completed_after(
    lakehouse: Command, lake: Lake, file: Path
) -> None:
    killed(lake, file, "object-put")
    (written,) = [path for path in Path(lake.root, "bronze").rglob("*") if path.is_file()]
    part = written.rename(f"{written}.part")
    part.write_bytes(b"Row ID,Ord")
    code, document = told(lakehouse, "--clean", "--yes")
    assert (code, len(document["interrupted"])) == (0, 1)
    assert document["removed"] == document["unknown"]
    assert document["removed"] == [{"path": part.relative_to(lake.root).as_posix(), "size": 10}]
    assert not part.exists()
    assert lakehouse("land", "--source", "superstore", file).code == 0
    assert (audit(lake).files, counts(audit(lake))) == (1, {})


@pytest.mark.parametrize("name", NAMES)
def test_objects_of_any_name_are_known_told_and_removed(lakehouse: Command, lake: Lake, file: Path, name: str) -> None:
    land(lake, lake.source("superstore"), [file.rename(file.with_name(name))])
    assert (audit(lake).files, counts(audit(lake))) == (1, {})
    path = stray(lake, f"superstore/{name}")
    assert lakehouse("audit", "bronze").code == 0
    code, document = told(lakehouse, "--clean", "--yes")
    assert (code, document["removed"]) == (0, [{"path": f"bronze/superstore/{name}", "size": 5}])
    assert not path.exists()
    assert (audit(lake).files, counts(audit(lake))) == (1, {})


def test_links_are_neither_followed_nor_removed(lakehouse: Command, lake: Lake, landed: Landing, file: Path) -> None:
    Path(lake.root, "bronze", "link.csv").symlink_to(file)
    Path(lake.root, "bronze", "elsewhere").symlink_to(file.parent)
    Path(lake.root, "bronze", "round").symlink_to(Path(lake.root, "bronze"))
    before = files_of(lake)
    code, document = told(lakehouse, "--clean", "--yes")
    assert (code, document["unknown"], document["removed"]) == (0, [], [])
    assert files_of(lake) == before
    assert file.exists()


def test_events_that_have_landed_are_no_objects_of_the_ledger(lakehouse: Command, lake: Lake) -> None:
    """They lie below bronze, too, and once were all unknown: an answer of yes would have removed them."""
    opened_or_created(lake, EVENTS)
    before = files_of(lake)
    code, document = told(lakehouse, "--clean", "--yes")
    assert (code, document["unknown"], document["removed"], document["ledger_lost"]) == (0, [], [], False)
    assert files_of(lake) == before


@pytest.mark.parametrize("json_form", [[], ["--json"]])
def test_no_removes_nothing(
    lakehouse: Command, lake: Lake, landed: Landing, monkeypatch: pytest.MonkeyPatch, json_form: list[str]
) -> None:
    path = stray(lake)
    before = files_of(lake)
    monkeypatch.setattr("sys.stdin", Person("n"))
    done = lakehouse("audit", "bronze", "--clean", *json_form)
    assert (done.code, done.out) == (1, "")
    assert f"{path.relative_to(lake.root)}: 5 byte(s)" in done.err
    assert done.err.splitlines()[-1].endswith("nothing was changed")
    assert files_of(lake) == before


def test_yes_at_a_terminal_removes(
    lakehouse: Command, lake: Lake, landed: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [stray(lake, f"{number:02}") for number in range(22)]
    monkeypatch.setattr("sys.stdin", Person("y"))
    done = lakehouse("audit", "bronze", "--clean")
    assert done.code == 0
    assert "and 2 more\nNo row of the ledger names these 22 object(s)" in done.err
    assert not any(path.exists() for path in paths)


def test_nobody_is_asked_where_nothing_is_unknown(lakehouse: Command, landed: Landing) -> None:
    assert lakehouse("audit", "bronze", "--clean").code == 0


def test_who_is_not_there_to_be_asked_says_yes_beforehand(lakehouse: Command, lake: Lake, landed: Landing) -> None:
    path = stray(lake)
    done = lakehouse("audit", "bronze", "--clean")
    assert done.code == 2
    assert "nobody is there to be asked: say --yes" in done.err
    assert path.exists()


def test_yes_without_clean_is_refused(lakehouse: Command, landed: Landing) -> None:
    done = lakehouse("audit", "bronze", "--yes")
    assert (done.code, done.sentence) == (2, "--yes goes with --clean: without it nothing is asked")


def test_where_the_ledger_is_lost_nothing_is_removed(lakehouse: Command, lake: Lake, landed: Landing) -> None:
    shutil.rmtree(Path(lake.root, "ops"))
    code, document = told(lakehouse)
    assert (code, document["ok"], document["ledger_lost"]) == (1, False, True)
    said = lakehouse("audit", "bronze").out
    assert "it is the ledger that seems lost" in said
    assert "--clean" not in said
    done = lakehouse("audit", "bronze", "--clean", "--yes")
    assert done.code == 1
    assert "it is the ledger that seems lost" in done.err
    assert object_of(lake, landed).exists()


def test_where_rows_of_the_ledger_are_lost_nothing_is_removed(
    lakehouse: Command, lake: Lake, landed: Landing, tmp_path: Path
) -> None:
    """A file that landed since makes a ledger of its own; what was accounted for tells of the one before."""
    told = {"kind": CSV, "source": landed.source, "landing_id": landed.landing_id, "generation": 0}
    classes = dict.fromkeys(CLASSES, 0) | {"inserted": landed.records}
    counted = {"rows_in": landed.records, "classes": classes, "silver_version": 0}
    accounting.write(lake, Accounting(batch_id="b", rule_fingerprint="f", status=DONE, **told, **counted))
    shutil.rmtree(Path(lake.location(ledger.TABLE)))
    (tmp_path / "later_2024-05-01T000000Z.csv").write_bytes(object_of(lake, landed).read_bytes())
    land(lake, lake.source("superstore"), [tmp_path / "later_2024-05-01T000000Z.csv"])
    done = lakehouse("audit", "bronze", "--clean", "--yes")
    assert (done.code, "it is the ledger that seems lost" in done.err) == (1, True)
    assert object_of(lake, landed).exists()


def test_clean_waits_for_who_lands_and_keeps_what_has_landed_meanwhile(lake: Lake, landed: Landing) -> None:
    adopted, left = stray(lake), stray(lake, "left.csv")
    agreed = audit(lake).unknown
    came_later = stray(lake, "later.csv")
    said: list[str] = []
    done: list[str] = []
    cleaning = threading.Thread(target=lambda: done.extend(one.path for one in clean(lake, agreed, say=said.append)))
    with lease(lake.root, ledger.TABLE):
        cleaning.start()
        while not said and cleaning.is_alive():
            time.sleep(0.01)
        assert left.exists()
        path = adopted.relative_to(lake.root).as_posix()
        ledger.write(lake, [replace(landed, as_of=LATER, path=path, status="landing")])
    cleaning.join()
    assert said == [f"waiting for process {os.getpid()}, which is writing {ledger.TABLE}"]
    assert done == ["bronze/left.csv"]
    assert (adopted.exists(), left.exists(), came_later.exists()) == (True, False, True)


def test_an_object_that_has_grown_since_it_was_shown_is_not_removed(lake: Lake, landed: Landing) -> None:
    path = stray(lake)
    agreed = audit(lake).unknown
    path.write_bytes(b"stray and more")
    assert clean(lake, agreed) == []
    assert path.exists()


def test_nothing_is_removed_once_the_lease_was_taken_away(
    lake: Lake, landed: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stray(lake)
    agreed = audit(lake).unknown
    read = ledger.read

    def then_reset(of: Lake) -> list[Landing]:
        Path(of.root, "leases", f"{ledger.TABLE}.lock").unlink()
        return read(of)

    monkeypatch.setattr(ledger, "read", then_reset)
    with pytest.raises(JobError, match="was taken away"):
        clean(lake, agreed)
    assert path.exists()
