"""An S3 on this machine, for tests, benches and the demo: moto's server, as a process of its own.

In: nothing. Out: its address on the first line of standard output, and at `/-/requests` how many requests of each kind
there were. Guaranteed: it serves on loopback alone, and ends when its standard input does, so with who started it; a
put that must not overwrite looks and puts in one step, as a store does.
"""

import json
import logging
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from urllib.request import urlopen

COUNTS = "/-/requests"
BY_QUERY = {
    "GET": {"list-type": "list", "prefix": "list", "uploads": "list uploads", "uploadId": "list parts"},
    "POST": {"delete": "delete many", "uploads": "create upload", "uploadId": "complete upload"},
    "PUT": {"partNumber": "put part"},
    "DELETE": {"uploadId": "abort upload"},
}
"""Kinds of requests: by method, and by what of the query says more."""


@contextmanager
def s3_server() -> Iterator[str]:
    """A server for the length of a `with` block; its address."""
    command = [sys.executable, str(Path(__file__).resolve())]
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


def environment(address: str, bucket: str) -> dict[str, str]:
    """The variables by which a lakehouse uses a bucket of this server."""
    return {
        "LAKEHOUSE_STORAGE__KIND": "s3",
        "LAKEHOUSE_STORAGE__BUCKET": bucket,
        "LAKEHOUSE_STORAGE__REGION": "us-east-1",
        "LAKEHOUSE_STORAGE__ENDPOINT": address,
        "LAKEHOUSE_STORAGE__TLS": "false",
        "LAKEHOUSE_STORAGE__PATH_STYLE": "true",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",  # the server takes anyone
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def make_bucket(address: str, bucket: str) -> None:
    """Make a bucket."""
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    boto3.client("s3", endpoint_url=address, region_name="us-east-1", **keys).create_bucket(Bucket=bucket)


def kind_of(request: Mapping[str, Any]) -> str:
    """What a request asks for."""
    method, asked = request["REQUEST_METHOD"], parse_qs(request.get("QUERY_STRING", ""), keep_blank_values=True)
    if method == "PUT" and "HTTP_X_AMZ_COPY_SOURCE" in request:
        return "copy"
    return next((kind for name, kind in BY_QUERY.get(method, {}).items() if name in asked), method.lower())


def _counting(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    counts: Counter[str] = Counter()

    def counted(request: dict[str, Any], answer: Callable[..., Any]) -> Iterable[bytes]:
        if request["PATH_INFO"] == COUNTS:
            answer("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(counts).encode()]
        counts[kind_of(request)] += 1
        return app(request, answer)

    return counted


def _one_at_a_time() -> None:
    """What moto does in two steps, to look and then to put, or to complete, a store does at once."""
    from moto.s3.responses import S3Response

    lock = threading.Lock()
    for name in ("put_object", "complete_multipart_upload"):
        if original := getattr(S3Response, name, None):

            def locked(self: Any, original: Callable[[Any], Any] = original) -> Any:
                with lock:
                    return original(self)

            setattr(S3Response, name, locked)


def main() -> None:
    """Serve until standard input ends."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    _one_at_a_time()
    app = _counting(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
