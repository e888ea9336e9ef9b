"""The small tables: what is read back is what was written, whatever else stands in the same file."""

import subprocess
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError

from lakehouse.contract.derive.arrow_schema import arrow_schema
from lakehouse.errors import JobError
from lakehouse.ops import opening, tables
from lakehouse.ops.opening import COMMITS_A_CHECKPOINT, opened
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.local_store import LocalStore
from lakehouse.runtime.refused import batches

NOW = datetime(2024, 5, 1, 6, tzinfo=UTC)


def run(name: str, **told: object) -> dict[str, object]:
    return {"run_id": name, "command": "run", "status": "done", "started_at": NOW, **told}


def ids(rows: list[tables.Row]) -> list[str]:
    return [row["run_id"] for row in rows]


def test_rows_are_found_by_value_where_a_file_holds_several(lake: Lake) -> None:
    """One file with several values of a column: once an error of the scan, with `lakehouse run` and a rejected file."""
    tables.upsert(lake, "ops.runs", [run("1"), run("2", status="failed"), run("3", source="superstore", batches=2)])
    assert ids(tables.read(lake, "ops.runs", status="done")) == ["1", "3"]
    assert ids(tables.read(lake, "ops.runs", status="failed")) == ["2"]
    assert ids(tables.read(lake, "ops.runs", status="done", source="superstore")) == ["3"]
    assert ids(tables.read(lake, "ops.runs", batches=2)) == ["3"]
    assert tables.read(lake, "ops.runs", status="running") == []


def test_only_the_columns_asked_for_are_told(lake: Lake) -> None:
    tables.upsert(lake, "ops.runs", [run("1"), run("2", status="failed")])
    assert tables.read(lake, "ops.runs", ["run_id"], status="failed") == [{"run_id": "2"}]


def test_saying_something_twice_changes_nothing_and_a_later_word_replaces_it(lake: Lake) -> None:
    tables.upsert(lake, "ops.runs", [run("1"), run("2")])
    tables.upsert(lake, "ops.runs", [run("2"), run("1", status="failed")])
    found = tables.read(lake, "ops.runs")
    assert [(row["run_id"], row["status"]) for row in found] == [("1", "failed"), ("2", "done")]
    assert found[0]["started_at"] == NOW


def test_a_table_that_is_not_there_has_no_rows(lake: Lake) -> None:
    assert tables.read(lake, "ops.runs", status="done") == []
    assert tables.version(lake, "ops.runs") is None
    assert tables.history(lake, "ops.runs", 0) is None


def test_a_process_that_ends_right_after_reading_ends_well(lake: Lake) -> None:
    """Read with pyarrow's threads, more than half of such processes were aborted by the C++ runtime."""
    tables.upsert(lake, "ops.runs", [run("1")])
    tables.upsert(lake, "ops.runs", [run("2")])
    read = "from lakehouse.ops import tables; from lakehouse.runtime.lake import open_lake; "
    command = [sys.executable, "-c", f"{read}tables.read(open_lake(), 'ops.runs')"]
    ended = [subprocess.run(command, capture_output=True, text=True, check=False) for _ in range(8)]
    assert [(one.returncode, one.stderr) for one in ended] == [(0, "")] * 8


def test_rows_are_found_by_any_number_of_texts(lake: Lake) -> None:
    tables.append(lake, "ops.runs", [run("1"), run("49999"), run("50000", source="it's")])
    many = [str(number) for number in range(50_001)]
    assert ids(tables.among(lake, "ops.runs", ["run_id"], "run_id", many)) == ["1", "49999", "50000"]
    assert ids(tables.among(lake, "ops.runs", ["run_id"], "run_id", many, source="it's")) == ["50000"]
    assert tables.among(lake, "ops.runs", ["run_id"], "run_id", []) == []


def test_rows_are_replaced_by_others_of_the_same_value_alone(lake: Lake) -> None:
    tables.append(lake, "ops.runs", [run("1"), run("2", source="it's"), run("3", source="it's")])
    contract = arrow_schema(lake.table("ops.runs"))
    told = run("4", source="it's")
    rows = pa.Table.from_pylist([{f.name: told.get(f.name) for f in contract}], schema=contract)
    for _ in range(2):
        tables.replace(lake, "ops.runs", rows.to_reader(), "source = 'it''s'")
        assert ids(tables.read(lake, "ops.runs")) == ["1", "4"]


def test_a_table_has_few_files_and_few_commits_to_read_however_often_it_is_written(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_FILES", 4)
    for number in range(12):
        tables.upsert(lake, "ops.runs", [run(f"{number:03}")])
    there = opened(lake, "ops.runs")
    assert len(there.file_uris()) <= 4
    assert len(tables.read(lake, "ops.runs")) == 12
    log = Path(lake.location("ops.runs"), "_delta_log")
    newest = max(int(path.name.partition(".")[0]) for path in log.glob("*.checkpoint.parquet"))
    assert there.version() - newest < COMMITS_A_CHECKPOINT


def test_nothing_is_committed_once_a_lease_that_is_held_is_lost(lake: Lake) -> None:
    tables.upsert(lake, "ops.runs", [run("1")])
    with lake.lease("silver.sales"):
        Path(lake.root, "leases", "silver.sales.lock").unlink()
        with pytest.raises(JobError, match=r"the lease of silver\.sales was taken away"):
            tables.upsert(lake, "ops.runs", [run("2")])
        with pytest.raises(JobError, match=r"was taken away"):
            tables.update(lake, "ops.runs", {"status": "failed"}, run_id=["1"])
    assert ids(tables.read(lake, "ops.runs", status="done")) == ["1"]
    tables.upsert(lake, "ops.runs", [run("2")])  # which is of a lease that nobody holds any more


def test_what_a_store_says_to_delta_rs_is_not_repeated(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer may hold the token that it refuses."""

    def refused(*_: object, **__: object) -> None:
        raise OSError("<Error><Code>ExpiredToken</Code><Token-0>canary</Token-0></Error>")

    monkeypatch.setattr(opening, "DeltaTable", refused)
    monkeypatch.setattr(LocalStore, "refusal", lambda *_: JobError("the store refused a request"))
    with pytest.raises(JobError) as error:
        tables.read(lake, "ops.runs")
    assert "canary" not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("kind", [OSError, DeltaError, Exception])
def test_what_a_store_says_while_rows_are_read_is_not_repeated(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def refused() -> Iterator[object]:
        yield from ()
        raise kind("<Error><Code>ExpiredToken</Code><Token-0>canary</Token-0></Error>")

    monkeypatch.setattr(LocalStore, "refusal", lambda *_: JobError("the store refused a request"))
    with pytest.raises(JobError, match="the store refused a request") as error:
        list(batches(lake.store, lake.location("ops.runs"), refused))
    assert "canary" not in "".join(traceback.format_exception(error.value))


def test_what_goes_wrong_with_who_takes_the_rows_is_no_refusal(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalStore, "refusal", lambda *_: JobError("the store refused a request"))
    rows = pa.record_batch({"a": [1]})

    def taken(found: Iterator[pa.RecordBatch]) -> None:
        for _ in found:
            raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        taken(batches(lake.store, lake.location("ops.runs"), lambda: [rows]))


def test_a_table_that_is_known_is_opened_once_under_a_lease_and_shows_what_others_commit(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.append(lake, "ops.runs", [run("1")])
    location, constructed = lake.location("ops.runs"), list[str]()
    construct = DeltaTable.__init__

    def counting(self: DeltaTable, *told: Any, **more: Any) -> None:
        constructed.append(told[0])
        construct(self, *told, **more)

    monkeypatch.setattr(DeltaTable, "__init__", counting)
    with lake.lease("ops.runs"):
        tables.append(lake, "ops.runs", [run("2")])
        others = pa.Table.from_pylist([run("3")], arrow_schema(lake.table("ops.runs")))
        write_deltalake(location, others, mode="append")
        del constructed[:]
        assert ids(tables.read(lake, "ops.runs")) == ["1", "2", "3"]
        assert constructed == []
        with ThreadPoolExecutor(1) as thread:  # one of its own: nobody else moves it on
            assert thread.submit(opened, lake, "ops.runs").result() is not opened(lake, "ops.runs")
        newest = tables.version(lake, "ops.runs")
        assert newest is not None
        older = opened(lake, "ops.runs", newest - 1)
        assert (older.version(), tables.version(lake, "ops.runs")) == (newest - 1, newest)
        assert older.version() == newest - 1


def test_a_table_made_anew_is_no_more_the_one_that_was_known_under_an_older_lease(lake: Lake) -> None:
    for names in (["1", "2"], ["3"]):
        with lake.lease("ops.runs"):
            for name in names:
                tables.append(lake, "ops.runs", [run(name)])
            assert ids(tables.read(lake, "ops.runs")) == names
        lake.store.remove_tree(lake.location("ops.runs"))
