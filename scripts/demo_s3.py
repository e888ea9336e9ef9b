"""`make demo-s3`: the demo in a bucket, of an S3 that is served for it and gone at the end.

In: nothing. Out: what `lakehouse demo` prints, and how many requests it took; on a terminal the S3 is served on until
Enter is pressed. Guaranteed: nothing leaves this machine; the server ends with this process.
"""

import os
import shlex
import subprocess
import sys

from scripts.s3_server import environment, make_bucket, requests_at, s3_server

BUCKET = "lakehouse-demo"


def main() -> int:
    """Serve, make the bucket, run the demo; its exit code."""
    with s3_server() as address:
        make_bucket(address, BUCKET)
        print(f"An S3 is served at {address} for as long as the demo runs; its bucket is {BUCKET}.\n", flush=True)
        command = [sys.executable, "-m", "lakehouse.cli.main", "demo", *sys.argv[1:]]
        code = subprocess.call(command, env={**os.environ, **environment(address, BUCKET)})
        asked = requests_at(address)
        told = ", ".join(f"{count} {kind}" for kind, count in asked.most_common())
        print(f"\nThe store was asked {asked.total():,} times: {told}.", flush=True)
        if code == 0 and sys.stdin.isatty():
            serve_on(address)
    print("It is gone now, and so is what was in it.")
    return code


def serve_on(address: str) -> None:
    """Let the demo's lakehouse be asked from another terminal, until Enter is pressed."""
    print("To ask that lakehouse from another terminal, say this there, too:\n")
    for name, value in environment(address, BUCKET).items():
        print(f"    export {name}={shlex.quote(value)}")
    input("\nIt is served until you press Enter. ")


if __name__ == "__main__":
    raise SystemExit(main())
