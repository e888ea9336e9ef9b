"""A process that commits to a table in S3 as Delta does with one driver: list, then put the next version, no condition.

Arguments: prefix, `with` or `without` (the lease) or `blindly` (neither it nor a look), the writer's name, the first
attempt and the one after the last, `here` or `elsewhere` (the machine it takes itself to be on), the attempt at which
it is killed, and where in it (`listed`, `put`; nowhere where it is none of its attempts). It says `ready`, waits for a
line, and then says each attempt that is committed. Who begins, or holds a lease anew after it lost one, looks first
whether the attempt it is at was committed, as a batch does; then it leaves the lease free for a turn, as a stream does.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from lakehouse.errors import JobError
from lakehouse.runtime import s3_lease_owners, s3_leases
from tests.unit.lease_processes import BUCKET, TABLE

SECONDS, A_LEASE, A_TURN = 5, 5, 0.15


def key(prefix: str, version: int) -> str:
    return f"{prefix}silver/sales/_delta_log/{version:020}.json"


def versions(client: Any, prefix: str, after: int = -1) -> list[int]:
    """The versions there are after one."""
    start = {"StartAfter": key(prefix, after)} if after >= 0 else {}
    folder = f"{prefix}silver/sales/_delta_log/"
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix=folder, **start).get("Contents", [])
    return [int(one["Key"].removeprefix(folder).removesuffix(".json")) for one in listed]


def commits(client: Any, prefix: str) -> list[str]:
    """What is committed, by version."""
    there = versions(client, prefix)
    return [client.get_object(Bucket=BUCKET, Key=key(prefix, one))["Body"].read().decode() for one in there]


@dataclass(kw_only=True)
class Writer:
    client: Any
    prefix: str
    name: str
    killed: tuple[int, str]
    newest: int = -1

    def commit(self, number: int) -> None:
        self.newest = max([self.newest, *versions(self.client, self.prefix, self.newest)])
        time.sleep(random.uniform(0, 0.03))
        self.passes(number, "listed")
        what = f"{self.name} {number}".encode()
        self.client.put_object(Bucket=BUCKET, Key=key(self.prefix, self.newest + 1), Body=what)
        self.passes(number, "put")

    def passes(self, number: int, where: str) -> None:
        if self.killed == (number, where):
            os.kill(os.getpid(), signal.SIGKILL)

    def commit_some(self, numbers: list[int], check: Callable[[], None]) -> None:
        """Commit them, and take each one away that was acknowledged."""
        while numbers:
            check()
            self.commit(numbers[0])
            print(f"{self.name} {numbers.pop(0)}", flush=True)

    def look_first(self, numbers: list[int]) -> None:
        """Take away the first where it is committed already."""
        if f"{self.name} {numbers[0]}" in commits(self.client, self.prefix):
            print(f"{self.name} {numbers.pop(0)}", flush=True)

    def commit_under_leases(self, numbers: list[int]) -> None:
        """Commit them, some under each lease. A lease that a busy machine loses costs another one, but no commit."""
        unsure = True
        while numbers:
            some, numbers = numbers[:A_LEASE], numbers[A_LEASE:]
            try:
                with s3_leases.s3_lease(self.client, BUCKET, self.prefix, TABLE, seconds=SECONDS) as held:
                    if unsure:
                        self.look_first(some)
                    unsure = False
                    self.commit_some(some, held.check)
                time.sleep(A_TURN)
            except JobError as error:
                print(error, file=sys.stderr)
                numbers, unsure = some + numbers, True


def main() -> None:
    prefix, how, name, first, end, where, attempt, point = sys.argv[1:]
    s3_leases.POLL_SECONDS = 0.05
    if where == "elsewhere":
        s3_lease_owners.this_machine = lambda: "elsewhere 1 pid:[1]"
    client = boto3.client("s3", config=s3_leases.CLIENT)
    writer = Writer(client=client, prefix=prefix, name=name, killed=(int(attempt), point))
    numbers = list(range(int(first), int(end)))
    print("ready", flush=True)
    sys.stdin.readline()
    if how == "with":
        writer.commit_under_leases(numbers)
    else:
        if how == "without":
            writer.look_first(numbers)
        writer.commit_some(numbers, lambda: None)


if __name__ == "__main__":
    main()
