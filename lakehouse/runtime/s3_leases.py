"""Leases in S3: one writer a table at a time, across machines, by nothing but conditional puts (promise 9).

In: an S3 client, a bucket and the name of a table. Out: a lease held for the length of a `with` block. Guaranteed: an
owner that could not renew in time knows that it lost the lease, whoever saw it or not; what a dead owner of this
machine left is waited for, its expiry is not.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NoReturn

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.errors import JobError, masked
from lakehouse.runtime.leases import BusyError, may_go_on, started, taken_away
from lakehouse.runtime.s3_errors import sentence_of
from lakehouse.runtime.s3_lease_chain import Chain, Link, Sight
from lakehouse.runtime.s3_lease_owners import Found, Owner, busy_with, this_process
from lakehouse.runtime.storage import Say

POLL_SECONDS = 1.0
AGAIN_SECONDS = 1.0
"""So long after a renewal that failed the next one is tried."""
SHORTEST = 2
"""Seconds: the store shows whole ones, and an expiry of one could be over as soon as it begins."""
CLIENT = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=10)
"""How a client for leases is made: it must give up before an expiry of the usual length is over."""

StoreErrors = (BotoCoreError, ClientError)


@dataclass(kw_only=True, slots=True, eq=False)
class S3Lease:
    """A held lease: `check` before each commit proves that it is still this process's own."""

    chain: Chain
    fencing: int
    owner: Owner
    etag: str
    renewed: datetime
    """When the store took the last renewal that was in time."""
    asked: float
    """When it was asked for that, by this machine's clock, which only says for how long to try again."""
    unheard: bool = False
    """Whether a renewal got no answer, and may come to be at any time: then the object is ours by its owner's id."""
    lost: str = ""
    ended: threading.Event = field(default_factory=threading.Event)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        """Make sure that the lease still holds, and for a while: a fifth of its expiry at least.

        Raises:
            JobError: it was taken over or could not be renewed; nothing more may be committed.
        """
        with self.one_at_a_time:
            if self._patiently(self._seconds_left) < self._margin and self._patiently(self._renew) < self._margin:
                self._lose("the store answers too slowly to renew it")

    def guard(self, jvm: int | None) -> None:
        """Record the JVM that may commit under this lease, so that a successor waits for its end."""
        with self.one_at_a_time:
            self.owner = replace(self.owner, jvm=jvm, jvm_started=started(jvm) if jvm else None)
            self._patiently(self._renew)

    def keep(self) -> None:
        """Renew the lease in time, until it ends or is lost."""
        while not self.ended.wait(self.owner.expires_in / 3) and not self.lost:
            with suppress(JobError), self.one_at_a_time:
                if not self.ended.is_set():
                    self._patiently(self._renew)

    def end(self, left_behind: bool) -> None:
        """Release the lease; where the JVM was left behind at work, it stays named for whoever comes next.

        Where the store does not answer, the lease ends by its expiry.
        """
        self.ended.set()
        with self.one_at_a_time, suppress(*StoreErrors):
            if self._own(self.chain.sight()) is not None:
                jvm, began = (self.owner.jvm, self.owner.jvm_started) if left_behind else (None, None)
                self._write(released=True, jvm=jvm, jvm_started=began)

    @property
    def _margin(self) -> float:
        return self.owner.expires_in / 5

    def _renew(self) -> float:
        """Put the own object anew, unless others may have seen it expired; the seconds it then lasts at least."""
        if self._seconds_left() < 0:
            self._lose("it was not renewed in time")
        self._write()
        return self._seconds_left()

    def _write(self, **changes: Any) -> None:
        self.owner = replace(self.owner, renewals=self.owner.renewals + 1, **changes)
        asked = time.monotonic()
        try:
            self.etag = self.chain.write(self.fencing, self.owner)
        except StoreErrors:
            self.unheard = True
            raise
        self.asked = asked

    def _seconds_left(self) -> float:
        """How long the lease lasts at least, by the store's clock, which may be a second further than it shows.

        A renewal counts only where it came before the expiry of the one before: else somebody may have seen the
        lease expired, and be about to put the next number, of which nothing is to be seen yet.
        """
        if self.lost:
            self._lose(self.lost)
        sight = self.chain.sight()
        own = self._own(sight)
        if own is None:
            taken = sight.greatest > self.fencing
            self._lose("another run took it over" if taken else "its object was removed or replaced")
        if _seconds(self.renewed, own.modified) >= self.owner.expires_in:
            self._lose("it was not renewed in time")
        self.renewed = own.modified
        return self.owner.expires_in - _seconds(own.modified, sight.now) - 1

    def _own(self, sight: Sight) -> Link | None:
        """The own link, where it is the greatest and as this process wrote it."""
        last = sight.links[-1] if sight.links else None
        if last is None or last.number != self.fencing:
            return None
        if last.etag != self.etag and self.unheard:
            found = self.chain.found(self.fencing, self.owner.expires_in)
            if found is not None and found.owner.id == self.owner.id:
                self.etag = last.etag
        return last if last.etag == self.etag else None

    def _lose(self, why: str) -> NoReturn:
        self.lost = why
        raise taken_away(self.chain.table, why)

    def _patiently(self, ask: Callable[[], float]) -> float:
        """Ask the store, again and again where that fails, while nobody can have seen the lease expired."""
        while True:
            try:
                return ask()
            except StoreErrors as error:
                if time.monotonic() - self.asked > self.owner.expires_in - self._margin:
                    self._lose(f"the store did not answer: {masked(str(error))}")
            if self.ended.wait(AGAIN_SECONDS):
                self._lose("it has ended")


@contextmanager
def s3_lease(
    client: Any,
    bucket: str,
    prefix: str,
    table: str,
    *,
    seconds: float = 60.0,
    wait: bool = True,
    say: Say = lambda _: None,
) -> Iterator[S3Lease]:
    """Hold the lease of a table.

    Args:
        client: made with `CLIENT`.
        prefix: of the lakehouse in its bucket, such as `retail/`; empty where it has all of it.
        seconds: until others may take over from an owner that does not renew; 2 at least.
        wait: wait for another owner; else fail.
        say: takes one line when waiting begins, and one when the lease is taken over.

    Raises:
        JobError: another process holds it and `wait` is false, or the store does not answer.
    """
    chain = Chain(client=client, bucket=bucket, prefix=prefix, table=table)
    try:
        held = _acquired(chain, this_process(max(SHORTEST, math.ceil(seconds))), wait, say)
    except StoreErrors as error:
        raise JobError(f"the lease of {table} cannot be had: {sentence_of(chain.location, error)}") from error
    keeper = threading.Thread(target=held.keep, daemon=True, name=f"lease of {table}")
    keeper.start()
    left_behind = False
    try:
        yield held
    except BaseException as error:
        left_behind = may_go_on(error)
        raise
    finally:
        held.end(left_behind)


def _acquired(chain: Chain, owner: Owner, wait: bool, say: Say) -> S3Lease:
    """Look and put the next number, until the greatest one is our own.

    That a put went well is not enough, nor is it needed: whoever slept since looking may have made a number that was
    made and removed meanwhile, and an answer may be lost.
    """
    said: set[bool] = set()
    before: Found | None = None
    asked = time.monotonic()
    while True:
        sight = chain.sight()
        found = chain.found(sight.greatest, owner.expires_in) if sight.links else None
        if found is None and sight.links:
            continue  # removed between two looks
        if found is not None and found.owner.id == owner.id:
            _say_whose(chain.table, before, say)
            chain.forget_before(sight.greatest - 1, sight)
            last = sight.links[-1]
            return S3Lease(
                chain=chain, fencing=last.number, owner=owner, etag=last.etag, renewed=last.modified, asked=asked
            )
        busy = busy_with(chain.table, found)
        if busy is None:
            before, asked = found, time.monotonic()
            chain.claim(sight.greatest + 1, owner)
            continue
        if not wait:
            raise BusyError(busy)
        if busy.ended not in said:
            say(busy.waiting)
            said.add(busy.ended)
        time.sleep(POLL_SECONDS)


def _say_whose(table: str, before: Found | None, say: Say) -> None:
    if before is not None and before.expired and not before.owner.released:
        owner = before.owner
        say(f"took over {table} from process {owner.process}, which did not renew its lease of {owner.expires_in} s")


def _seconds(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds()
