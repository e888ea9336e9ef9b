"""The Kafka broker of this machine as a process: begun once, found again, stopped.

In: the root of a lakehouse, perhaps a port. Out: a broker that answers on a port of this machine. Guaranteed: of two
starts at once one begins it and the other finds it; only a process that was begun here is ever ended; a record of one
that is gone counts for nothing; events outlive the process, however it ends.
"""

import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from lakehouse.errors import JobError, UsageError
from lakehouse.runtime.leases import lease, started
from lakehouse.streams.asking import is_answering
from lakehouse.streams.broker_files import (
    HOST,
    LOG,
    OUTPUT,
    check_unused,
    command,
    environment,
    folder_of,
    format_data,
    free_ports,
    write_settings,
)
from lakehouse.streams.last_words import last_words, lines_of

STARTING = "kafka.start"
"""The lease of whoever begins or ends the broker."""

RECORD = "broker.json"
POLL_SECONDS, START_SECONDS, STOP_SECONDS = 0.1, 90.0, 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    """A running broker: its process, when that began (as the kernel counts), and its port."""

    pid: int
    started: str
    port: int
    since: str

    @property
    def address(self) -> str:
        """What clients are told."""
        return f"{HOST}:{self.port}"


def running(root: str) -> Broker | None:
    """The broker of this lakehouse; None where none runs, whatever a record says."""
    broker = _recorded(root)
    return broker if broker and _lives(broker) else None


def start(root: str, port: int | None = None) -> tuple[Broker, bool]:
    """Begin the broker where none runs; the one that runs, and whether it is new.

    Raises:
        JobError: it did not come up; the sentence has what it said last.
        UsageError: the port is taken, or a broker runs already on another one.
    """
    with lease(root, STARTING):  # of two at once the second finds what the first has begun
        begin, found = _size_of_log(root), running(root)
        if found and port not in (None, found.port):
            raise UsageError(
                f"the broker runs on port {found.port} already: lakehouse kafka stop, then start it on {port}"
            )
        if found and _answers_in_time(found):  # its start may have been interrupted
            return found, False
        if found and _lives(found):
            raise JobError(
                f"the broker, process {found.pid}, does not answer: lakehouse kafka stop, then start it again"
            )
        broker = _begun(root, port)  # one that was found and ended meanwhile was being killed
        if not _answers_in_time(broker):
            raise _failure(root, broker, begin)
    return broker, True


def _begun(root: str, port: int | None) -> Broker:
    """A new process, on record; it does not answer yet."""
    if (last := _recorded(root)) is not None:
        _is_gone_in_time(last)
    check_unused(root)
    ports = free_ports(root, port)
    write_settings(root, ports)
    format_data(root)
    folder, words = folder_of(root), command()
    with (folder / OUTPUT).open("wb") as out:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    broker = Broker(pid=process.pid, started=started(process.pid) or "", port=ports.clients, since=now)
    record(root, broker)
    return broker


def _answers_in_time(broker: Broker) -> bool:
    """Whether clients are answered, some time after; False at once where its process has ended."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and _lives(broker):
        if is_answering(HOST, broker.port):
            return True
        time.sleep(POLL_SECONDS)
    return False


def _lives(broker: Broker) -> bool:
    return started(broker.pid) == broker.started


def _failure(root: str, broker: Broker, begin: int) -> JobError:
    """The sentence about a new one that ended instead, or took too long and is now ended, with what it said last."""
    folder = folder_of(root)
    told = last_words([*lines_of(folder / OUTPUT), *lines_of(folder / LOG, begin)])
    if not _ended(broker, signal.SIGKILL):
        return JobError(f"the broker did not come up, and process {broker.pid} does not end: end it by hand")
    (folder / RECORD).unlink(missing_ok=True)
    told = told or f"it did not answer within {START_SECONDS:.0f} s"
    return JobError(f"the broker did not come up ({told}): try again; more in {folder / LOG}")


def _size_of_log(root: str) -> int:
    log = folder_of(root) / LOG
    return log.stat().st_size if log.exists() else 0


def stop(root: str) -> bool:
    """Stop the broker that was begun for this lakehouse; whether there was one.

    Raises:
        JobError: it does not end.
    """
    if not (folder_of(root) / RECORD).exists():
        return False
    with lease(root, STARTING):  # else the record of one that is begun meanwhile could be removed
        broker = running(root)
        if broker is not None and not (_ended(broker, signal.SIGTERM) or _ended(broker, signal.SIGKILL)):
            raise JobError(f"process {broker.pid}, the broker, does not end: end it by hand")
        (folder_of(root) / RECORD).unlink(missing_ok=True)
    return broker is not None


def _ended(broker: Broker, ending: signal.Signals) -> bool:
    """Whether the process is gone, some time after it was told to end."""
    if _lives(broker):
        os.kill(broker.pid, ending)
    return _is_gone_in_time(broker)


def _is_gone_in_time(broker: Broker) -> bool:
    until = time.monotonic() + STOP_SECONDS
    while not (gone := _is_gone(broker)) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    return gone


def _is_gone(broker: Broker) -> bool:
    """Whether nothing of the process is left; after a kill its threads hold ports and files for some moments more."""
    now = started(broker.pid)
    try:
        return now != broker.started and (now is not None or len([*Path(f"/proc/{broker.pid}/task").iterdir()]) < 2)
    except OSError:
        return True


def _recorded(root: str) -> Broker | None:
    try:
        return Broker(**json.loads((folder_of(root) / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def record(root: str, broker: Broker) -> None:
    """Say where the broker is; whole or not at all."""
    part = folder_of(root) / f"{RECORD}.part"
    part.write_text(json.dumps(asdict(broker)), encoding="utf-8")
    part.replace(folder_of(root) / RECORD)
