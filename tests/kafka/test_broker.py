"""The local broker: begun once, found again, stopped; its events outlive it; processes of others are left alone."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from socket import socket

import pytest

from lakehouse.errors import JobError
from lakehouse.runtime.leases import started
from lakehouse.streams import broker, broker_files
from lakehouse.streams.asking import is_answering
from lakehouse.streams.broker import RECORD, Broker, record, running, start, stop
from lakehouse.streams.broker_files import folder_of
from tests.kafka.events import put, read
from tests.unit.calls import Command

CLI = [sys.executable, "-m", "lakehouse.cli.main"]


def there(home: Path) -> Broker:
    found = running(str(home))
    assert found is not None
    return found


def killed(found: Broker) -> None:
    os.kill(found.pid, signal.SIGKILL)
    while started(found.pid) == found.started:
        time.sleep(0.02)


def cluster(home: Path) -> str:
    lines = (folder_of(str(home)) / "data" / "meta.properties").read_text().splitlines()
    return next(line for line in lines if line.startswith("cluster.id="))


def test_a_broker_is_started_once_looked_at_and_stopped(home: Path, lakehouse: Command) -> None:
    told = json.loads(lakehouse("kafka", "status", "--json").out)
    assert (told["running"], told["answers"], told["broker"]) == (False, False, None)
    assert lakehouse("kafka", "status").out == "no broker runs here: lakehouse kafka start\n"
    first = lakehouse("kafka", "start")
    found = there(home)
    assert (first.code, f"the broker is process {found.pid}, at 127.0.0.1:{found.port}, since" in first.out) == (
        0,
        True,
    )
    assert os.getsid(found.pid) == found.pid
    again = lakehouse("kafka", "start")
    assert (again.code, there(home)) == (0, found)
    assert again.out.endswith(", as before\n")
    told = json.loads(lakehouse("kafka", "status", "--json").out)
    assert told["answers"]
    assert told["broker"]["pid"] == found.pid
    assert told["bootstrap_servers"] == f"127.0.0.1:{found.port}"
    other = lakehouse("kafka", "start", "--port", found.port + 1 if found.port < 65_535 else 1024)
    assert (other.code, f"runs on port {found.port} already" in other.sentence) == (2, True)
    assert lakehouse("kafka", "stop").out == "the broker is stopped\n"
    assert started(found.pid) != found.started
    assert [lakehouse("kafka", "stop").out, lakehouse("kafka", "topic").code] == ["no broker runs here\n", 2]


def test_it_listens_on_this_machine_alone(shared: Path) -> None:
    mine = {str(each.readlink()) for each in Path(f"/proc/{there(shared).pid}/fd").iterdir() if each.is_symlink()}
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = [row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in mine]
    assert len(listening) == 2
    assert {*listening} <= {"0100007F", "0000000000000000FFFF00000100007F"}


def test_events_outlive_a_stop_and_a_kill(home: Path, lakehouse: Command) -> None:
    assert lakehouse("kafka", "start").code == 0
    first = there(home)
    assert lakehouse("kafka", "topic", "kept", "--partitions", 2).code == 0
    put(first.address, "kept", [b"1", b"2"])
    id_before = cluster(home)
    killed(first)
    assert (folder_of(str(home)) / RECORD).exists()
    assert running(str(home)) is None
    second, new = start(str(home))
    assert (new, second.port, cluster(home)) == (True, first.port, id_before)
    put(second.address, "kept", [b"3"])
    assert stop(str(home))
    third, _ = start(str(home))
    assert read(third.address, "kept", 3) == [b"1", b"2", b"3"]
    text_logs = sum(file.stat().st_size for file in (folder_of(str(home)) / "logs").iterdir())
    assert text_logs < 1_000_000


def test_two_started_at_once_are_one(home: Path) -> None:
    both = [
        subprocess.Popen([*CLI, "kafka", "start"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [process.communicate(timeout=200) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    assert all(f"process {there(home).pid}," in out for out, _ in ended)
    assert sorted(out.endswith(", as before\n") for out, _ in ended) == [False, True]


def test_a_start_that_was_interrupted_is_finished_by_the_next(home: Path) -> None:
    with subprocess.Popen([*CLI, "kafka", "start"], stderr=subprocess.PIPE, text=True) as begun:
        while not (folder_of(str(home)) / RECORD).exists():
            time.sleep(0.02)
        begun.send_signal(signal.SIGINT)
        _, told = begun.communicate(timeout=60)
    assert (begun.returncode, told.splitlines()[-1]) == (130, "interrupted: nothing is lost, run the command again")
    left = there(home)
    found, new = start(str(home))
    assert (found, new, is_answering("127.0.0.1", found.port)) == (left, False, True)


def test_one_that_is_killed_while_it_is_waited_for_is_begun_anew(home: Path) -> None:
    found, _ = broker.start(str(home))
    os.kill(found.pid, signal.SIGSTOP)
    threading.Timer(0.5, os.kill, (found.pid, signal.SIGKILL)).start()
    again, new = broker.start(str(home))
    assert new
    assert again.pid != found.pid


def test_a_stale_record_never_ends_another_process(home: Path) -> None:
    folder_of(str(home)).mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        record(str(home), Broker(pid=other.pid, started="1", port=1, since=""))
        assert running(str(home)) is None
        assert not stop(str(home))
        assert other.poll() is None
        other.kill()
    assert not (folder_of(str(home)) / RECORD).exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', "null", b"\xff".decode("latin-1")])
def test_a_damaged_record_counts_for_nothing(home: Path, text: str) -> None:
    folder_of(str(home)).mkdir(parents=True)
    (folder_of(str(home)) / RECORD).write_text(text)
    assert running(str(home)) is None
    assert not stop(str(home))


def test_a_port_that_is_taken_is_told_and_nothing_begun(home: Path, lakehouse: Command) -> None:
    with socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = lakehouse("kafka", "start", "--port", port)
    assert (done.code, running(str(home))) == (2, None)
    assert f"port {port} is taken by another program: choose another one with --port" in done.sentence


def test_ports_are_its_own_and_below_those_that_every_program_is_dealt(home: Path) -> None:
    lowest_dealt = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found = broker_files.free_ports(str(home), None)
    assert found.clients != found.controller
    assert max(found.clients, found.controller) < lowest_dealt
    broker_files.write_settings(str(home), found)
    assert broker_files.free_ports(str(home), None) == found, "those of the last time"
    swapped = broker_files.free_ports(str(home), found.controller)
    assert swapped.clients == found.controller
    assert swapped.controller != found.controller
    with socket() as other:
        other.bind(("127.0.0.1", found.clients))
        other.listen()
        assert broker_files.free_ports(str(home), None).clients not in (found.clients, found.controller)


def test_data_that_another_broker_has_open_are_told(home: Path) -> None:
    found, _ = start(str(home))
    (folder_of(str(home)) / RECORD).unlink()
    with pytest.raises(JobError, match="which is not on record, has the broker's data open"):
        start(str(home))
    assert running(str(home)) is None
    record(str(home), found)
    assert running(str(home)) == found


def test_a_broker_that_ends_instead_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_files, "SETTINGS", broker_files.SETTINGS + "num.io.threads=none\n")
    for format_data in (broker_files.format_data, lambda _: None):
        monkeypatch.setattr(broker, "format_data", format_data)
        with pytest.raises(JobError, match=r"Invalid value none for configuration num\.io\.threads"):
            start(str(home))
    monkeypatch.undo()
    monkeypatch.setattr(broker_files, "JVM", ("-Xmx1k",))
    with pytest.raises(JobError, match="Too small maximum heap"):
        start(str(home))
    assert running(str(home)) is None


def test_one_that_never_answers_is_ended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "format_data", lambda _: None)
    monkeypatch.setattr(broker, "command", lambda: ["sleep", "60"])
    monkeypatch.setattr(broker, "START_SECONDS", 0.5)
    with pytest.raises(JobError, match=r"did not come up .it did not answer within 0 s"):
        start(str(home))
    assert not (folder_of(str(home)) / RECORD).exists()


def test_one_that_runs_and_does_not_answer_is_told_and_left_alone(
    home: Path, lakehouse: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = start(str(home))
    os.kill(found.pid, signal.SIGSTOP)
    monkeypatch.setattr(broker, "START_SECONDS", 0.5)
    monkeypatch.setattr(broker, "STOP_SECONDS", 1.0)
    done = lakehouse("kafka", "start")
    assert (done.code, f"process {found.pid}, does not answer: lakehouse kafka stop" in done.sentence) == (1, True)
    assert "but it does not answer" in lakehouse("kafka", "status").out
    assert lakehouse("kafka", "stop").out == "the broker is stopped\n", "killed, as it does not end by itself"
    assert started(found.pid) != found.started


def test_settings_that_name_brokers_need_none_here(
    home: Path, lakehouse: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    for word in ("start", "status", "stop"):
        done = lakehouse("kafka", word)
        assert (done.code, "the settings name brokers (127.0.0.1:1)" in done.sentence) == (2, True)


def test_reset_stops_the_broker_and_removes_its_events(home: Path, lakehouse: Command) -> None:
    found, _ = start(str(home))
    done = lakehouse("reset", "--yes")
    assert (done.code, "kafka" in done.out) == (0, True)
    assert started(found.pid) != found.started
    assert not folder_of(str(home)).exists()
