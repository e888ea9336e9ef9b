"""An S3 before another one that loses requests and answers as it is told to."""

import hashlib
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

REFUSAL = '<?xml version="1.0"?><Error><Code>{}</Code><Message>so told</Message></Error>'

Fault = Callable[["Handler"], None]


@dataclass(kw_only=True)
class Faulty:
    """What was asked, and what becomes of requests by their number; those without a fault are passed on."""

    behind: str
    faults: dict[int, Fault] = field(default_factory=dict)
    always: Fault | None = None
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, faults: dict[int, Fault] | None = None, always: Fault | None = None) -> None:
        """Count requests anew, with these faults."""
        self.asked, self.faults, self.always = [], faults or {}, always

    def next_fault(self, handler: "Handler") -> Fault | None:
        with self.one_at_a_time:
            self.asked.append((handler.command, handler.path, dict(handler.headers)))
            return self.faults.pop(len(self.asked) - 1, self.always)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    body: bytes

    @property
    def faulty(self) -> Faulty:
        return self.server.faulty  # type: ignore[attr-defined,no-any-return]

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def answer_it(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.faulty.next_fault(self)
        if fault is None:
            self.send(*self.passed_on())
        else:
            fault(self)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer_it  # noqa: N815

    def passed_on(self) -> tuple[int, dict[str, str], bytes]:
        """The answer of the store behind."""
        behind = HTTPConnection(urlsplit(self.faulty.behind).netloc)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("expect", "connection")}
        behind.request(self.command, self.path, self.body, headers)
        answer = behind.getresponse()
        body = answer.read()
        behind.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body

    def send(
        self, status: int, headers: dict[str, str], body: bytes, most: int | None = None, dated: bool = True
    ) -> None:
        length = headers.get("content-length", "0") if self.command == "HEAD" else str(len(body))
        kept = {k: v for k, v in headers.items() if k not in ("transfer-encoding", "connection", "server", "date")}
        (self.send_response if dated else self.send_response_only)(status)
        for name, value in {**kept, "content-length": length}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body[:most])
        self.wfile.flush()

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        pass


def refusing(status: int, code: str) -> Fault:
    """The store answers so, and does nothing."""
    return lambda handler: handler.send(status, {"content-type": "application/xml"}, REFUSAL.format(code).encode())


def silent(handler: Handler) -> None:
    """The request gets lost on its way: whoever asks waits until it gives up."""
    handler.rfile.read(1)
    handler.hang_up()


def resetting(handler: Handler) -> None:
    handler.hang_up()


def losing_the_answer(handler: Handler) -> None:
    """The store does what it is asked, and nobody hears of it."""
    handler.passed_on()
    handler.hang_up()


def corrupting(handler: Handler) -> None:
    """A bit of the body is turned on its way; moto verifies no checksum, so what S3 does about it is done here."""
    handler.body = bytes([handler.body[0] ^ 1]) + handler.body[1:]
    arrived = b64encode(hashlib.sha256(handler.body).digest()).decode()
    if handler.headers.get("x-amz-checksum-sha256", arrived) != arrived:
        refusing(400, "BadDigest")(handler)
    else:
        handler.send(*handler.passed_on())


def unconditional(handler: Handler) -> None:
    """The store knows of no conditions, as old servers do."""
    del handler.headers["If-None-Match"]
    handler.send(*handler.passed_on())


def at_first(fault: Fault, times: int) -> Fault:
    """Each request meets a fault so many times; which attempt it is, clients of Amazon say themselves."""

    def met(handler: Handler) -> None:
        attempt = int(handler.headers["amz-sdk-request"].partition("attempt=")[2].partition(";")[0])
        if attempt <= times:
            fault(handler)
        else:
            handler.send(*handler.passed_on())

    return met


def breaking_off(after: int) -> Fault:
    """The answer ends in the middle."""

    def broken(handler: Handler) -> None:
        handler.send(*handler.passed_on(), most=after)
        handler.hang_up()

    return broken


def after(event: Callable[[], object]) -> Fault:
    """Something happens in the store just before it does what it is asked."""

    def late(handler: Handler) -> None:
        event()
        handler.send(*handler.passed_on())

    return late


def undated(handler: Handler) -> None:
    """The answer does not say when it was given."""
    handler.send(*handler.passed_on(), dated=False)


@contextmanager
def faulty_before(behind: str) -> Iterator[Faulty]:
    """Serve before another store, for the length of a block."""
    faulty = Faulty(behind=behind)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.faulty = faulty  # type: ignore[attr-defined]
    faulty.url = f"http://127.0.0.1:{server.server_address[1]}"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    serving.start()
    try:
        yield faulty
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
