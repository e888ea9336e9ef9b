"""`audit tables`: files that no version of a table names are told and removed, and nothing that any version needs."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, QueryBuilder

from lakehouse.care.audit_tables import audit, clean
from lakehouse.ops import delta_log, tables
from lakehouse.ops.delta_log import _vector_file
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import lease
from tests.unit.bronze_objects import files_of
from tests.unit.calls import Command, Person

NOW = datetime(2024, 5, 1, 6, tzinfo=UTC)
RUNS, VERSIONS = "ops.runs", 13
STRAYS = (
    "part-0.parquet",
    ".part-0.parquet.crc",
    "_change_data/cdc-0.parquet",
    "deletion_vector_0.bin",
    "deep/er/ü %.x",
)


@pytest.fixture
def folder(lake: Lake) -> Path:
    """A table of some versions, checkpoints and files that were put together, each row written twice."""
    for number in range(VERSIONS - 1):
        said = {"command": "run", "status": f"{number}", "started_at": NOW}
        tables.upsert(lake, RUNS, [{"run_id": f"{number // 2}", **said}])
    there = Path(lake.location(RUNS))
    assert len([*(there / "_delta_log").glob("*.checkpoint.parquet")]) >= 2
    return there


def stray(folder: Path, name: str = STRAYS[0], size: int = 5) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def versions(folder: Path) -> list[Any]:
    """The rows of each version that can still be read."""
    newest = DeltaTable(folder).version()
    tables_of = (DeltaTable(folder, version=number) for number in range(newest + 1))
    asked = (
        QueryBuilder().register("t", one).execute("SELECT * FROM t ORDER BY run_id").read_all() for one in tables_of
    )
    return [pa.table(rows).to_pylist() for rows in asked]


def told(lakehouse: Command, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = lakehouse("audit", "tables", "--json", *arguments)
    return done.code, json.loads(done.out)


def test_of_what_a_table_has_written_nothing_is_unknown(lakehouse: Command, lake: Lake, folder: Path) -> None:
    before = files_of(lake)
    code, document = told(lakehouse)
    (of_runs,) = document["tables"]
    there = DeltaTable(folder).file_uris()
    assert (code, document["ok"], document["removed"]) == (0, True, [])
    assert (of_runs["table"], of_runs["files"]) == (RUNS, len(there))
    assert of_runs["bytes"] == sum(Path(one).stat().st_size for one in there)
    assert (of_runs["misfits"], of_runs["unknown"], of_runs["lost"]) == ([], [], None)
    assert len([*folder.glob("*.parquet")]) > len(there), "older versions have files of their own"
    assert files_of(lake) == before


def test_clean_removes_what_no_version_names_and_each_version_stays(
    lakehouse: Command, lake: Lake, folder: Path
) -> None:
    before, rows = files_of(lake), versions(folder)
    strays = [stray(folder, name) for name in STRAYS]
    done = lakehouse("audit", "tables")
    assert done.code == 0
    assert [line for line in done.out.splitlines() if line.startswith("unknown: ")] == [
        f"unknown: ops/runs/{name}: 5 byte(s)" for name in sorted(STRAYS)
    ]
    code, document = told(lakehouse, "--clean", "--yes")
    assert (code, sorted(one["path"] for one in document["removed"])) == (0, sorted(f"ops/runs/{n}" for n in STRAYS))
    assert not any(path.exists() for path in strays)
    assert {path: file for path, file in files_of(lake).items() if not path.endswith(".lock")} == before
    assert versions(folder) == rows


def test_what_a_checkpoint_alone_names_is_known(lakehouse: Command, lake: Lake, folder: Path) -> None:
    """Delta removes commits that are older than a checkpoint once they are old enough."""
    newest = max((folder / "_delta_log").glob("*.checkpoint.parquet")).name.split(".")[0]
    for commit in (folder / "_delta_log").glob("*.json"):
        if commit.stem.isdigit() and commit.stem < newest:
            commit.unlink()
    assert audit(lake).unknown == ()
    assert audit(lake).ok


@pytest.mark.parametrize("what, found", [("missing", None), ("changed to 3 byte(s)", 3)])
def test_a_file_of_the_newest_version_must_be_there_as_it_was(
    lakehouse: Command, lake: Lake, folder: Path, what: str, found: int | None
) -> None:
    path = Path(DeltaTable(folder).file_uris()[0])
    size = path.stat().st_size
    path.unlink()
    if found is not None:
        path.write_bytes(b"x" * found)
    stray(folder)
    done = lakehouse("audit", "tables", "--clean", "--yes")
    assert done.code == 1
    assert f"{what}: ops/runs/{path.name}: " in done.out
    assert [(one.expected, one.found) for one in audit(lake).misfits] == [(size, found)]
    assert audit(lake).unknown == ()


@pytest.mark.parametrize("gone", ["*", f"{VERSIONS - 2:020}.json"])
def test_where_a_log_is_not_whole_nothing_of_the_table_is_removed(
    lakehouse: Command, lake: Lake, folder: Path, gone: str
) -> None:
    for path in (folder / "_delta_log").glob(gone):
        path.unlink()
    path = stray(folder)
    before = files_of(lake)
    done = lakehouse("audit", "tables", "--clean", "--yes")
    assert done.code == 1
    assert "lost: " in done.out
    assert "1 log(s) lost" in done.out
    assert path.exists()
    assert files_of(lake) == before


def test_while_anyone_writes_nothing_is_removed(lakehouse: Command, lake: Lake, folder: Path) -> None:
    path = stray(folder)
    with lease(lake.root, "gold"):
        done = lakehouse("audit", "tables", "--clean", "--yes")
    assert (done.code, path.exists()) == (1, True)
    assert "gold" in done.sentence


def test_what_has_been_committed_since_it_was_told_stays(lake: Lake, folder: Path) -> None:
    path = stray(folder)
    agreed = audit(lake).unknown
    commit = {"add": {"path": path.name, "size": 5, "partitionValues": {}, "modificationTime": 0, "dataChange": True}}
    (folder / "_delta_log" / f"{DeltaTable(folder).version() + 1:020}.json").write_text(json.dumps(commit))
    assert len(agreed) == 1
    assert clean(lake, agreed) == []
    assert path.exists()


def test_where_a_checkpoint_is_of_another_form_nothing_is_removed(
    lakehouse: Command, lake: Lake, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that delta-rs reads and we do not: what it alone names would be unknown."""
    tables.append(lake, RUNS, [{"run_id": "after", "command": "run", "status": "done", "started_at": NOW}])
    newest = max((folder / "_delta_log").glob("*.checkpoint.parquet")).name.split(".")[0]
    for commit in (folder / "_delta_log").glob("*.json"):
        if commit.stem < newest:
            commit.unlink()
    monkeypatch.setattr(delta_log, "_CHECKPOINT", re.compile("none"))
    path = stray(folder)
    before = files_of(lake)
    code, document = told(lakehouse, "--clean", "--yes")
    assert (code, document["removed"], path.exists()) == (1, [], True)
    assert document["tables"][0]["lost"] == "the log of ops.runs names files in a way that is not known here"
    assert files_of(lake) == before


def test_only_what_was_agreed_to_is_removed(lake: Lake, folder: Path) -> None:
    first = stray(folder)
    agreed = audit(lake).unknown
    second = stray(folder, "came-later.parquet")
    assert clean(lake, agreed) == list(agreed)
    assert (first.exists(), second.exists()) == (False, True)


@pytest.mark.parametrize("answer, code", [("n", 1), ("y", 0)])
def test_a_person_is_asked(
    lakehouse: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    path = stray(folder)
    monkeypatch.setattr("sys.stdin", Person(answer))
    done = lakehouse("audit", "tables", "--clean")
    assert (done.code, path.exists()) == (code, answer == "n")
    assert "No version of a table names these 1 object(s). Remove them for good?" in done.err


@pytest.mark.parametrize("words", [["--clean"], ["--yes"]])
def test_who_is_not_there_says_yes_to_clean(lakehouse: Command, folder: Path, words: list[str]) -> None:
    path = stray(folder)
    assert lakehouse("audit", "tables", *words).code == 2
    assert path.exists()


def test_a_lakehouse_without_tables_has_nothing_to_find(lakehouse: Command) -> None:
    done = lakehouse("audit", "tables")
    assert (done.code, done.out) == (
        0,
        "0 table(s) of 0 file(s), 0 byte(s): 0 missing or changed, 0 unknown, 0 log(s) lost\n",
    )


def test_a_deletion_vector_is_called_as_the_protocol_has_it() -> None:
    """The example of its section "Deletion Vectors"."""
    file = "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"
    assert _vector_file("ab^-aqEH.-t@S}K{vb[*k^") == f"ab/{file}"
    assert _vector_file("^-aqEH.-t@S}K{vb[*k^") == file


@pytest.mark.parametrize("part", [f"{0:020}.json", f"{4:020}.checkpoint.parquet"])
@pytest.mark.parametrize(
    "body", [b"no json\n", b"[]\n", b'{"add": {"path": "a", "deletionVector": {"storageType": "u"}}}', b"\xff"]
)
def test_a_log_that_cannot_be_read_is_lost(lakehouse: Command, folder: Path, part: str, body: bytes) -> None:
    """Of these parts delta-rs reads none to open the table."""
    assert (folder / "_delta_log" / part).exists()
    (folder / "_delta_log" / part).write_bytes(body)
    path = stray(folder)
    done = lakehouse("audit", "tables", "--clean", "--yes")
    assert (done.code, path.exists()) == (1, True)
    assert f"lost: {folder}/_delta_log/{part}: cannot be read" in done.out
