"""The Kafka broker of this machine as a process: begun once, found again, stopped.

In: the root of a lakehouse, perhaps a port. Out: a broker that answers on a port of this machine. Guaranteed: of two
starts at once one begins it and the other finds it; only a process that was begun here is ever ended; a record of one
that is gone counts for nothing; events outlive the process, however it ends.
"""

import json
import os
import re
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
    command,
    environment,
    folder_of,
    format_data,
    free_ports,
    write_settings,
)

STARTING = "kafka.start"
"""The lease of whoever begins or ends the broker."""

RECORD = "broker.json"
POLL_SECONDS, START_SECONDS, STOP_SECONDS = 0.1, 90.0, 30.0
TROUBLE = re.compile(r"^\S+ \S+ (ERROR|FATAL) [^:]+: (.*)$")
CAUSE = re.compile(r"^(?:Caused by: )?[\w.$]+(?:Exception|Error): (.+)$")
OPEN_ELSEWHERE = "Failed to acquire lock"


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
    try:
        broker = Broker(**json.loads((folder_of(root) / RECORD).read_text(encoding="utf-8")))
        return broker if started(broker.pid) == broker.started else None
    except (OSError, ValueError, TypeError):
        return None


def start(root: str, port: int | None = None) -> tuple[Broker, bool]:
    """Begin the broker where none runs; the one that runs, and whether it is new.

    Raises:
        JobError: it did not come up; the sentence has what it said last.
        UsageError: the port is taken, or a broker runs already on another one.
    """
    with lease(root, STARTING):  # of two at once the second finds what the first has begun
        broker = running(root)
        if broker is None:
            return _begun(root, port), True
        if port not in (None, broker.port):
            raise UsageError(
                f"the broker runs on port {broker.port} already: lakehouse kafka stop, then start it on {port}"
            )
        _await_answer(root, broker, 0)  # it may have been begun by a start that was interrupted
        return broker, False


def _begun(root: str, port: int | None) -> Broker:
    """A new broker, once it answers."""
    ports = free_ports(root, port)
    write_settings(root, ports)
    format_data(root)
    folder, words = folder_of(root), command()
    log = folder / LOG
    begin = log.stat().st_size if log.exists() else 0
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
    _await_answer(root, broker, begin)
    return broker


def _await_answer(root: str, broker: Broker, begin: int) -> None:
    """Wait until clients are answered.

    Raises:
        JobError: it ended instead, or took too long and was ended; the sentence has what it said last.
    """
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and started(broker.pid) == broker.started:
        if is_answering(HOST, broker.port):
            return
        time.sleep(POLL_SECONDS)
    told = _last_words(folder_of(root), begin)
    if not _ended(broker, signal.SIGKILL):
        told = told or f"it does not answer, and process {broker.pid} does not end"
    (folder_of(root) / RECORD).unlink(missing_ok=True)
    told = told or f"it did not answer within {START_SECONDS:.0f} s"
    raise JobError(f"the broker did not come up ({told}): try again; more in {folder_of(root) / LOG}")


def _last_words(folder: Path, begin: int) -> str:
    """What a broker that did not come up has said: the innermost cause, else its last complaint."""
    lines = [*_lines(folder / OUTPUT, 0), *_lines(folder / LOG, begin)]
    if any(OPEN_ELSEWHERE in line for line in lines):
        return "another process has its data open; it may be a broker that nobody has on record"
    causes = [found[1] for line in lines if (found := CAUSE.match(line))]
    complaints = [found[2] for line in lines if (found := TROUBLE.match(line))]
    of_jvm = [line for line in lines if line.startswith("Error")]
    return ([*of_jvm, *complaints, *causes] or [""])[-1][:300]


def _lines(file: Path, begin: int) -> list[str]:
    """The lines of a file from a byte on; all of them where it has become shorter since."""
    try:
        said = file.read_bytes()
    except OSError:
        return []
    return said[begin if begin <= len(said) else 0 :].decode(errors="replace").splitlines()


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
    if started(broker.pid) == broker.started:
        os.kill(broker.pid, ending)
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until:
        if started(broker.pid) != broker.started:
            return True
        time.sleep(POLL_SECONDS)
    return False


def record(root: str, broker: Broker) -> None:
    """Say where the broker is; whole or not at all."""
    part = folder_of(root) / f"{RECORD}.part"
    part.write_text(json.dumps(asdict(broker)), encoding="utf-8")
    part.replace(folder_of(root) / RECORD)
