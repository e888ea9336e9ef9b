"""The local warehouse as a server: started once, found again, stopped; records and files of others are left alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.errors import JobError
from lakehouse.publish import emulator
from lakehouse.publish.emulator import FILES, RECORD, Server, folder_of, record, running, start, stop
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.leases import lease, started
from tests.warehouse.test_publish import session

NAMES = ("RETAIL", "GOLD")


def told(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["warehouse", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_server_is_started_once_and_stopped(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert told("start") == 0
    server = running(lake.root)
    assert server is not None
    assert told("start") == 0
    assert running(lake.root) == server
    assert "as before" in capsys.readouterr().out
    with session(lake) as cursor:
        cursor.execute("CREATE TABLE KEPT (X NUMBER(38,0))")
        cursor.execute("INSERT INTO KEPT VALUES (7)")
    assert told("status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["server"]["port"] == server.port
    assert told("stop") == 0
    assert started(server.pid) != server.started
    assert [running(lake.root), told("stop"), told("status")] == [None, 0, 0]
    with session(lake) as cursor:
        assert cursor.execute("SELECT X FROM KEPT").fetchall() == [(7,)]


def test_data_outlive_a_server_that_was_killed(lake: Lake) -> None:
    server, new = start(lake.root, *NAMES)
    assert new
    with session(lake) as cursor:
        cursor.execute("CREATE TABLE KEPT (X NUMBER(38,0))")
        cursor.execute("INSERT INTO KEPT VALUES (7)")
    os.kill(server.pid, signal.SIGKILL)
    while started(server.pid) == server.started:
        time.sleep(0.02)
    assert (folder_of(lake.root) / RECORD).exists()
    assert running(lake.root) is None
    with session(lake) as cursor:
        assert cursor.execute("SELECT X FROM KEPT").fetchall() == [(7,)]
    assert not stop(lake.root)
    assert not (folder_of(lake.root) / RECORD).exists()


def test_a_stale_record_never_ends_another_process(lake: Lake) -> None:
    folder_of(lake.root).mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        record(lake.root, Server(pid=other.pid, started="1", port=1, since=""))
        assert running(lake.root) is None
        assert not stop(lake.root)
        assert other.poll() is None
        other.kill()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', "null"])
def test_a_damaged_record_counts_for_nothing(lake: Lake, text: str) -> None:
    folder_of(lake.root).mkdir(parents=True)
    (folder_of(lake.root) / RECORD).write_text(text)
    assert running(lake.root) is None
    assert not stop(lake.root)


def test_two_started_at_once_are_one(lake: Lake) -> None:
    words = [sys.executable, "-m", "lakehouse.cli.main", "warehouse", "start"]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    server = running(lake.root)
    assert server is not None
    assert all(f"process {server.pid}," in out for out, _ in ended)


def test_who_has_the_files_open_is_named(lake: Lake) -> None:
    with lease(lake.root, FILES):
        with pytest.raises(JobError, match=f"process {os.getpid()} has the warehouse open: wait for it"):
            start(lake.root, *NAMES)
        with pytest.raises(JobError, match=f"process {os.getpid()} has the warehouse open: wait for it"):
            next(iter(_asked(lake)))


def _asked(lake: Lake) -> list[int]:
    with emulator.port_of(lake.root, *NAMES, wait=False) as port:
        return [port]


def test_files_that_another_program_has_open_are_told(lake: Lake) -> None:
    with session(lake):
        pass
    code = "import duckdb, sys, time; held = duckdb.connect(sys.argv[1]); print('open', flush=True); time.sleep(60)"
    file = str(folder_of(lake.root) / "RETAIL.db")
    with subprocess.Popen([sys.executable, "-c", code, file], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(JobError, match="cannot be opened: Could not set lock on file"), session(lake):
            pass
        other.kill()


def test_reset_stops_the_server_and_removes_its_files(lake: Lake) -> None:
    server, _ = start(lake.root, *NAMES)
    with pytest.raises(SystemExit) as ended:
        main(["reset", "--yes"])
    assert ended.value.code == 0
    assert started(server.pid) != server.started
    assert not Path(lake.root, "warehouse").exists()
