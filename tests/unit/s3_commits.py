"""A process that commits to a table in S3 as Delta does with one driver: list, then put the next version, no condition.

Arguments: prefix, `with` or `without` (the lease), the writer's name, how many commits, `here` or `elsewhere` (the
machine it takes itself to be on). It says `ready`, waits for a line, and then says each commit that was acknowledged.
"""

import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from lakehouse.errors import JobError
from lakehouse.runtime import s3_lease_owners, s3_leases
from tests.unit.lease_processes import BUCKET, TABLE

SECONDS, A_LEASE = 5, 10


def key(prefix: str, version: int) -> str:
    return f"{prefix}silver/sales/_delta_log/{version:020}.json"


def versions(client: Any, prefix: str, after: int = -1) -> list[int]:
    """The versions there are after one."""
    start = {"StartAfter": key(prefix, after)} if after >= 0 else {}
    folder = f"{prefix}silver/sales/_delta_log/"
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix=folder, **start).get("Contents", [])
    return [int(one["Key"].removeprefix(folder).removesuffix(".json")) for one in listed]


@dataclass(kw_only=True)
class Writer:
    client: Any
    prefix: str
    newest: int = -1

    def commit(self, what: str) -> None:
        self.newest = max([self.newest, *versions(self.client, self.prefix, self.newest)])
        time.sleep(random.uniform(0, 0.01))
        self.client.put_object(Bucket=BUCKET, Key=key(self.prefix, self.newest + 1), Body=what.encode())

    def commit_some(self, whats: list[str], check: Callable[[], None]) -> None:
        """Commit them, and take each one away that was acknowledged."""
        while whats:
            check()
            self.commit(whats[0])
            print(whats.pop(0), flush=True)

    def commit_under_leases(self, whats: list[str]) -> None:
        """Commit them, some under each lease. A lease that a busy machine loses costs another one, but no commit."""
        while whats:
            some, whats = whats[:A_LEASE], whats[A_LEASE:]
            try:
                with s3_leases.s3_lease(self.client, BUCKET, self.prefix, TABLE, seconds=SECONDS) as held:
                    self.commit_some(some, held.check)
            except JobError as error:
                print(error, file=sys.stderr)
                whats = some + whats


def main() -> None:
    prefix, how, name, count, where = sys.argv[1:]
    s3_leases.POLL_SECONDS = 0.1
    if where == "elsewhere":
        s3_lease_owners.this_machine = lambda: "elsewhere 1 pid:[1]"
    writer = Writer(client=boto3.client("s3", config=s3_leases.CLIENT), prefix=prefix)
    whats = [f"{name} {number}" for number in range(int(count))]
    print("ready", flush=True)
    sys.stdin.readline()
    if how == "with":
        writer.commit_under_leases(whats)
    else:
        writer.commit_some(whats, lambda: None)


if __name__ == "__main__":
    main()
