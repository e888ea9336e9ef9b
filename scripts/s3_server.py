"""An S3 on this machine, for tests, benches and the demo: a server as a process of its own.

In: nothing. Out: its address, on the first line of standard output; what can be asked of it is in `scripts/s3_app.py`.
Guaranteed: it serves on loopback alone, and ends when its standard input does, so with whoever started it.
"""

import json
import logging
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.s3_app import ASKED, COUNTS, DISTANCE, FAULTS, POLICY, Fault, s3_app  # noqa: E402 - it may be run as a script


@contextmanager
def s3_server(*certificate: str) -> Iterator[str]:
    """A server for the length of a `with` block; its address.

    Args:
        certificate: the files of its certificate and of its key, in PEM, for a server over TLS.
    """
    command = [sys.executable, str(Path(__file__).resolve()), *certificate]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


def requests_at(address: str) -> Counter[str]:
    """How many requests of each kind a server has had."""
    with urlopen(f"{address}{COUNTS}") as answer:
        return Counter(json.load(answer))


def asked_of(address: str) -> list[tuple[str, str]]:
    """The last requests in their order: the kind of each, and the path, or what those listed were to begin with."""
    with urlopen(f"{address}{ASKED}") as answer:
        return [(kind, path) for kind, path in json.load(answer)]


def order_faults(address: str, *faults: Fault) -> None:
    """Have these requests struck, and no others from now on."""
    with urlopen(Request(f"{address}{FAULTS}", json.dumps([asdict(one) for one in faults]).encode())):
        pass


def answer_after(address: str, seconds: float) -> None:
    """Have each answer take so long on its way, as from a store in another building or region."""
    with urlopen(Request(f"{address}{DISTANCE}", json.dumps(seconds).encode())):
        pass


def hold_to(address: str, policy: dict[str, Any] | None) -> None:
    """Have requests refused that a policy does not allow; none any more where there is none."""
    with urlopen(Request(f"{address}{POLICY}", json.dumps(policy).encode())):
        pass


def denials(address: str) -> list[str]:
    """What the policy has denied: each action, and what it was on."""
    with urlopen(f"{address}{POLICY}") as answer:
        told: list[str] = json.load(answer)
        return told


def faults_struck(address: str) -> list[int]:
    """How often each of the faults ordered has struck."""
    with urlopen(f"{address}{FAULTS}") as answer:
        struck: list[int] = json.load(answer)
        return struck


def environment(address: str, bucket: str) -> dict[str, str]:
    """The variables by which a lakehouse uses a bucket of this server; it takes any credentials."""
    return {
        "LAKEHOUSE_STORAGE__KIND": "s3",
        "LAKEHOUSE_STORAGE__BUCKET": bucket,
        "LAKEHOUSE_STORAGE__REGION": "us-east-1",
        "LAKEHOUSE_STORAGE__ENDPOINT": address,
        "LAKEHOUSE_STORAGE__TLS": "false",
        "LAKEHOUSE_STORAGE__PATH_STYLE": "true",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def make_bucket(address: str, bucket: str) -> None:
    """Make a bucket."""
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    boto3.client("s3", endpoint_url=address, region_name="us-east-1", **keys).create_bucket(Bucket=bucket)


def main() -> None:
    """Serve until standard input ends; over TLS where files of a certificate and a key are named."""
    from werkzeug.serving import make_server

    files = sys.argv[1:]
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    tls = (files[0], files[1]) if files else None
    server = make_server("127.0.0.1", 0, s3_app(), threaded=True, ssl_context=tls)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{'https' if tls else 'http'}://127.0.0.1:{server.port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
