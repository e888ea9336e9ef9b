"""The local warehouse as a place: who has it open, and a server of its own where one is wanted.

In: the root of a lakehouse and names of database and schema. Out: a port that speaks Snowflake's protocol. Guaranteed:
one process has the files open (the lease `warehouse.files`), everyone else waits or asks it; only a process that was
started here is ever ended; a record of one that is gone counts for nothing.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from lakehouse.errors import JobError
from lakehouse.runtime.leases import holder, lease, started
from lakehouse.runtime.storage import Say

HOST = "127.0.0.1"
PUBLISHER = "lakehouse publish"
"""The query tag of a publisher's session."""

FILES = "warehouse.files"
"""The lease of whoever has the emulator's files open."""

STARTING = "warehouse.start"
"""The lease of whoever starts a server."""

FOLDER, RECORD, LOG = "warehouse", "server.json", "server.log"
POLL_SECONDS, START_SECONDS, STOP_SECONDS = 0.05, 60.0, 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running server: its process, when that began (as the kernel counts), and its port."""

    pid: int
    started: str
    port: int
    since: str


def folder_of(root: str) -> Path:
    """Where the emulator keeps its data, its record and its log."""
    return Path(root, FOLDER)


def data_file(root: str, database: str) -> Path:
    """The file that holds a database; it is there once the emulator was opened."""
    return folder_of(root) / f"{database.upper()}.db"


def running(root: str) -> Server | None:
    """The server of this warehouse; None where none runs, whatever a record says."""
    try:
        server = Server(**json.loads((folder_of(root) / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return server if started(server.pid) == server.started else None


@contextmanager
def port_of(root: str, database: str, schema: str, *, wait: bool = True, say: Say = lambda _: None) -> Iterator[int]:
    """A port to ask, for the length of a `with` block: the server's, else one of this process.

    Raises:
        JobError: another process has the warehouse open, and `wait` is false.
    """
    with ExitStack() as stack:
        server = _server_or_files(stack, root, wait, say)
        if server is not None:
            yield server.port
            return
        from lakehouse.publish.serving import serving

        yield stack.enter_context(serving(folder_of(root), database, schema))


def _server_or_files(stack: ExitStack, root: str, wait: bool, say: Say) -> Server | None:
    """The server, or None once this process holds the lease of the files; a server may begin while it waits."""
    said = False
    while (server := running(root)) is None:
        try:
            stack.enter_context(lease(root, FILES, wait=False))
            return None
        except JobError:
            told = f"process {holder(root, FILES) or '?'} has the warehouse open"
            if not wait:
                raise JobError(f"{told}: wait for it, or leave out --no-wait") from None
            if not said:
                say(f"waiting: {told}")
                said = True
        time.sleep(POLL_SECONDS)
    return server


def start(root: str, database: str, schema: str) -> tuple[Server, bool]:
    """Start the server where none runs; the one that runs, and whether it is new.

    Raises:
        JobError: another process has the warehouse open, or the server did not come up; its log says why.
    """
    with lease(root, STARTING):  # of two at once the second finds what the first has started
        server = running(root)
        return (server, False) if server is not None else (_begun(root, database, schema), True)


def _begun(root: str, database: str, schema: str) -> Server:
    """A new server, once it answers."""
    folder_of(root).mkdir(parents=True, exist_ok=True)
    log = folder_of(root) / LOG
    command = [sys.executable, "-m", "lakehouse.publish.server", root, database, schema]
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        server = running(root)
        if server is not None:
            return server
        time.sleep(POLL_SECONDS)
    process.kill()
    lines = log.read_text(encoding="utf-8").strip().splitlines()
    raise JobError(lines[-1] if lines else f"the warehouse did not come up within {START_SECONDS:.0f} s; see {log}")


def stop(root: str) -> bool:
    """Stop the server that was started for this warehouse; whether there was one.

    Raises:
        JobError: it does not end.
    """
    server = running(root)
    if server is None:
        (folder_of(root) / RECORD).unlink(missing_ok=True)
        return False
    for ending in (signal.SIGTERM, signal.SIGKILL):
        if started(server.pid) == server.started:
            os.kill(server.pid, ending)
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until:
            if started(server.pid) != server.started:
                (folder_of(root) / RECORD).unlink(missing_ok=True)
                return True
            time.sleep(POLL_SECONDS)
    raise JobError(f"process {server.pid}, the warehouse's server, does not end: end it by hand")


def record(root: str, server: Server) -> None:
    """Say where the server is; whole or not at all."""
    part = folder_of(root) / f"{RECORD}.part"
    part.write_text(json.dumps(asdict(server)), encoding="utf-8")
    part.replace(folder_of(root) / RECORD)
