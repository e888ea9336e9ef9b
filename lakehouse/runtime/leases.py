"""Leases: one writer a table at a time, across processes (promise 9), in their local form.

In: the name of a table. Out: a lease held for the length of a `with` block. Guaranteed: the lock is the
operating system's (flock), so a killed owner never blocks; and since a killed driver's JVM lives on for
seconds and may still commit, whoever comes next waits until the JVM named in the lease file is gone.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lakehouse.errors import JobError, is_broken_connection
from lakehouse.runtime.storage import Say

POLL_SECONDS = 0.1


class LeaseBusyError(JobError):
    """Another holds the lease, and whoever asked does not wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Busy:
    """Why a lease cannot be had now: said to who waits, and to who does not."""

    waiting: str
    refusal: str
    ended: bool
    """Whether the run is over, and only the JVM it drove is waited for."""


def being_written(table: str, process: object) -> Busy:
    """Another run, named by its process, holds the lease."""
    return Busy(
        waiting=f"waiting for process {process}, which is writing {table}",
        refusal=f"{table} is being written by process {process}: wait for it, or leave out --no-wait",
        ended=False,
    )


def left_running(table: str, jvm: object) -> Busy:
    """A run has ended, but the JVM it drove may still commit."""
    return Busy(
        waiting=f"waiting for process {jvm}, which a killed run left behind",
        refusal=f"{table} is still being written by what a killed run left: try again in a moment",
        ended=True,
    )


def taken_away(table: str, why: str) -> JobError:
    """What `check` raises."""
    return JobError(f"the lease of {table} was taken away ({why}): nothing was committed since; run the command again")


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalLease:
    """A held lease: `check` before each commit proves that it is still this process's own."""

    table: str
    path: Path
    file: IO[str]

    def check(self) -> None:
        """Make sure that the lease still holds.

        Raises:
            JobError: the lock file was removed or replaced by someone; nothing more may be committed.
        """
        if not _is_still(self.path, self.file):
            raise taken_away(self.table, f"{self.path.name} was removed")

    def guard(self, jvm: int | None) -> None:
        """Record the JVM that may commit under this lease, so that a successor waits for its end."""
        _write_owner(self.file, jvm)


@contextmanager
def lease(root: str, table: str, *, wait: bool = True, say: Say = lambda _: None) -> Iterator[LocalLease]:
    """Hold the lease of a table.

    Args:
        root: the root of the lakehouse.
        table: its name, such as `silver.sales`.
        wait: wait for another owner; else fail.
        say: takes one line when waiting begins.

    Raises:
        JobError: another process holds it and `wait` is false.
    """
    path = Path(root, "leases", f"{table}.lock")
    file = _locked(path, table, wait, say)
    try:
        _await_jvm(file, table, wait, say)
        _write_owner(file, None)
        try:
            yield LocalLease(table=table, path=path, file=file)
        except BaseException as error:
            if not may_go_on(error):
                file.truncate(0)
            raise
        file.truncate(0)
    finally:
        file.close()


def may_go_on(error: BaseException) -> bool:
    """Whether the JVM may still be at work though Python is not: an interrupt, or a broken connection to it.

    Any other error was the JVM's answer, or Python's own: then nothing is under way, and a successor must not
    wait for a JVM that may live on for long.
    """
    return is_broken_connection(error) or not isinstance(error, Exception)


def _locked(path: Path, table: str, wait: bool, say: Say) -> IO[str]:
    """The lock file, opened and locked, and still the one that has the path's name."""
    said = False
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)  # each time: a reset may remove it while we wait
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, file):
                return file
        except BlockingIOError:
            owner = _owner(file)
            busy = being_written(table, owner.get("pid", "?"))
            if not wait:
                file.close()
                raise LeaseBusyError(busy.refusal) from None
            if not said:
                say(busy.waiting)
                said = True
        file.close()
        time.sleep(POLL_SECONDS)


def _is_still(path: Path, file: IO[str]) -> bool:
    """Whether the path still names the open file; it may have been removed, and made anew by another."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _await_jvm(file: IO[str], table: str, wait: bool, say: Say) -> None:
    """Wait for the JVM of a killed owner: it may still be committing."""
    owner = _owner(file)
    jvm, began = owner.get("jvm"), owner.get("jvm_started")
    said = False
    while jvm is not None and began is not None and jvm != own_jvm() and started(jvm) == began:
        busy = left_running(table, jvm)
        if not wait:
            raise LeaseBusyError(busy.refusal)
        if not said:
            say(busy.waiting)
            said = True
        time.sleep(POLL_SECONDS)


def own_jvm() -> int | None:
    """The process id of the JVM this process drives, where it drives one."""
    return _OWN_JVM[0] if _OWN_JVM else None


def remember_jvm(pid: int) -> None:
    """Told by the session when it starts its JVM."""
    _OWN_JVM[:] = [pid]


_OWN_JVM: list[int] = []


def _write_owner(file: IO[str], jvm: int | None) -> None:
    owner = {"pid": os.getpid(), "jvm": jvm, "jvm_started": started(jvm) if jvm else None}
    file.seek(0)
    file.truncate(0)
    file.write(json.dumps(owner))
    file.flush()


def _owner(file: IO[str]) -> dict[str, Any]:
    file.seek(0)
    try:
        owner = json.loads(file.read() or "{}")
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def started(pid: int) -> str | None:
    """The start time of a process as the kernel tells it, so that a reused id is not mistaken; None where it is gone.

    A zombie in the kernel's sense (dead, not yet reaped) counts as gone.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def holder(root: str, table: str) -> int | None:
    """The process id of whoever holds a lease now; None where nobody does."""
    path = Path(root, "leases", f"{table}.lock")
    if not path.exists():
        return None
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            pid: int | None = _owner(file).get("pid")
            return pid
    return None
