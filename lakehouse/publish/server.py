"""The process of `lakehouse warehouse start`: serves until it is told to end.

In: root, database and schema, as arguments. Out: a record with port and process, removed at the end. Guaranteed: it
holds the lease of the files while it runs; a second one ends at once, with a sentence.
"""

import os
import signal
import sys
import threading
from datetime import UTC, datetime

from lakehouse.errors import LakehouseError
from lakehouse.publish.emulator import FILES, RECORD, Server, folder_of, record
from lakehouse.runtime.leases import holder, lease, started


def serve(root: str, database: str, schema: str) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        JobError: another process has the warehouse open.
    """
    told = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: told.set())
    with lease(root, FILES, wait=False):
        from lakehouse.publish.serving import serving

        with serving(folder_of(root), database, schema) as port:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            record(root, Server(pid=os.getpid(), started=started(os.getpid()) or "", port=port, since=now))
            told.wait()
            (folder_of(root) / RECORD).unlink(missing_ok=True)


def main() -> None:
    """Serve what the arguments name; exit code 1 with a sentence where that cannot be."""
    root, database, schema = sys.argv[1:]
    try:
        serve(root, database, schema)
    except LakehouseError as error:
        busy = holder(root, FILES)
        sys.exit(f"process {busy} has the warehouse open: wait for it, then start the server" if busy else str(error))


if __name__ == "__main__":
    main()
