"""Owners of leases in S3: what the body of an object says, and whether others must wait for its author.

In: the body of an object, and what the store says of its age. Out: the owner, and why the lease cannot be had now.
Guaranteed: nothing is concluded from the processes of another machine, nor from a body that nobody can read.
"""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from lakehouse.runtime.leases import Busy, being_written, left_running, own_jvm, started


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """The body of a link: who made it, and how long it counts without being renewed."""

    id: str
    """Random: an owner knows its own put by it, also where the answer was lost."""
    host: str = "?"
    machine: str = ""
    pid: int = 0
    pid_started: str | None = None
    jvm: int | None = None
    jvm_started: str | None = None
    expires_in: int
    """Whole seconds, since that is what the store's clock shows."""
    released: bool = False
    renewals: int = 0

    @property
    def process(self) -> str:
        """How sentences call it."""
        return f"{self.pid} on {self.host}" if self.id else "unknown (what its lease says cannot be read)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The owner of a link, and whether its time is over."""

    owner: Owner
    expired: bool


def this_process(expires_in: int) -> Owner:
    """This process as the owner of a lease, under a new id."""
    pid = os.getpid()
    return Owner(
        id=uuid4().hex,
        host=socket.gethostname(),
        machine=this_machine(),
        pid=pid,
        pid_started=started(pid),
        expires_in=expires_in,
    )


def busy_with(table: str, found: Found | None) -> Busy | None:
    """Why nobody may take over from this owner now; None where anybody may."""
    if found is None or (found.owner.released and found.owner.jvm is None):
        return None
    owner = found.owner
    near = bool(owner.machine) and owner.machine == this_machine()
    gone = near and started(owner.pid) != owner.pid_started
    if not (owner.released or found.expired or gone):
        return being_written(table, owner.process)
    jvm = owner.jvm
    if near:
        runs = jvm is not None and jvm != own_jvm() and started(jvm) == owner.jvm_started is not None
        return left_running(table, jvm) if runs else None
    return None if found.expired else left_running(table, f"{jvm} on {owner.host}")


def this_machine() -> str:
    """What processes have in common that see each other below /proc; nothing where the kernel does not tell.

    A host's name alone is not enough: containers on the host's network have it too, but not its processes.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def written(owner: Owner) -> bytes:
    """The body of an owner's object."""
    return OWNERS.dump_json(owner)


def read(body: bytes, unread: int) -> Owner:
    """The owner that a body tells; one that expires in `unread` seconds where nobody can read it."""
    try:
        return OWNERS.validate_json(body)
    except ValidationError:
        return Owner(id="", expires_in=unread)


OWNERS = TypeAdapter(Owner)
