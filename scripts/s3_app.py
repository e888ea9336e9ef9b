"""moto's S3 with what tests want of it: requests counted by kind, faults made to order, and a policy that is held to.

In: WSGI requests. Out: moto's answers; at `/-/requests` the counts, at `/-/asked` what was asked in its order, at
`/-/faults` orders in and how often each has struck out, at `/-/policy` a policy in and what it has denied out, at
`/-/distance` the seconds in that each answer is on its way. Guaranteed: what moto does in two steps, to look and then
to put, or to complete, is done in one, as a store does it.
"""

import json
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree

from scripts.s3_policy import denied

COUNTS, ASKED, FAULTS, POLICY, DISTANCE = "/-/requests", "/-/asked", "/-/faults", "/-/policy", "/-/distance"
REMEMBERED = 20_000
"""So many requests are told in their order."""
BY_QUERY = {
    "GET": {"uploads": "list uploads", "uploadId": "list parts", "list-type": "list", "prefix": "list"},
    "POST": {"delete": "delete many", "uploads": "create upload", "uploadId": "complete upload"},
    "PUT": {"partNumber": "put part"},
    "DELETE": {"uploadId": "abort upload"},
}
"""Kinds of requests: by method, and by what of the query says more."""

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
INTERNAL = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
TOO_MANY = b"<Error><Code>TooManyRequests</Code><Message>Reduce your request rate.</Message></Error>"
ANSWERS = {
    "403": ("403 Forbidden", DENIED),
    "429": ("429 Too Many Requests", TOO_MANY),
    "500": ("500 Internal Server Error", INTERNAL),
    "503": ("503 Slow Down", SLOW_DOWN),
}

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(kw_only=True, slots=True)
class Fault:
    """Strikes requests of a kind whose path contains a text: so many are spared first, so many are struck then.

    `403`, `429`, `500` and `503` answer so and do nothing; `reset` closes the connection and does nothing; `lost` does
    what is asked and closes the connection without an answer; `half` answers with half of the bytes; `silent` does and
    answers nothing until who asked hangs up.

    Args:
        agent: what the `User-Agent` must contain, so that requests of one client alone are struck.
    """

    kind: str
    fault: str
    within: str = ""
    agent: str = ""
    spared: int = 0
    times: int = 1
    struck: int = 0

    def strikes(self, kind: str, path: str, agent: str) -> bool:
        """Whether it is this request's turn."""
        meant = kind == self.kind and self.within in path and self.agent in agent
        if not meant or self.struck >= self.times:
            return False
        self.spared -= 1
        self.struck += self.spared < 0
        return self.spared < 0


@dataclass(kw_only=True, slots=True)
class S3App:
    """The app: counts, strikes, denies or passes on."""

    store: App
    counts: Counter[str] = field(default_factory=Counter)
    asked: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """Kinds, with the path or what it was to begin with."""
    faults: list[Fault] = field(default_factory=list)
    policy: dict[str, Any] | None = None
    denials: list[str] = field(default_factory=list)
    distance: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: dict[str, Any], answer: Callable[..., Any]) -> Iterable[bytes]:
        path = request["PATH_INFO"]
        if path in (COUNTS, ASKED, FAULTS, POLICY, DISTANCE):
            answer("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(self._told(path, request)).encode()]
        time.sleep(self.distance)
        kind, agent = kind_of(request), request.get("HTTP_USER_AGENT", "")
        with self.lock:
            self.counts[kind] += 1
            below = parse_qs(request.get("QUERY_STRING", "")).get("prefix", [""])[0]
            self.asked.append((kind, f"{path.rstrip('/')}/{below}" if below else path))
            fault = next((one for one in self.faults if one.strikes(kind, path, agent)), None)
        if fault is not None:
            return self._struck(fault.fault, request, answer)
        if denials := [] if self.policy is None else denied_to(self.policy, kind, request):
            self.denials += denials
            return self._struck("403", request, answer)
        return self.store(request, answer)

    def _told(self, path: str, request: dict[str, Any]) -> Any:
        if path in (COUNTS, ASKED):
            with self.lock:
                return self.counts.copy() if path == COUNTS else list(self.asked)
        if request["REQUEST_METHOD"] == "POST":
            ordered = json.loads(request["wsgi.input"].read(int(request["CONTENT_LENGTH"])))
            self._ordered(path, ordered)
        return {POLICY: self.denials, DISTANCE: self.distance}.get(path, [one.struck for one in self.faults])

    def _ordered(self, path: str, ordered: Any) -> None:
        if path == POLICY:
            self.policy, self.denials = ordered, []
        elif path == DISTANCE:
            self.distance = ordered
        else:
            self.faults = [Fault(**one) for one in ordered]

    def _struck(self, fault: str, request: dict[str, Any], answer: Callable[..., Any]) -> Iterable[bytes]:
        if fault in ANSWERS:
            request["wsgi.input"].read(int(request.get("CONTENT_LENGTH") or 0))
            status, body = ANSWERS[fault]
            body = b"" if request["REQUEST_METHOD"] == "HEAD" else body
            answer(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
            return [body]
        if fault == "silent":
            _wait_for_the_end(request["werkzeug.socket"])
            return _then_closed(b"", request)
        told: list[Any] = []
        body = b"" if fault == "reset" else b"".join(self.store(request, lambda *given: told.append(given)))
        if fault == "half":
            answer(*told[0])
            return _then_closed(body[: len(body) // 2], request)
        return _then_closed(b"", request)


def _then_closed(body: bytes, request: dict[str, Any]) -> Iterable[bytes]:
    """Some bytes, and the end of the connection."""
    if body:
        yield body
    request["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("as ordered")


def _wait_for_the_end(connection: socket.socket) -> None:
    """Read on until the other side closes."""
    while connection.recv(2**16):
        pass


def kind_of(request: Mapping[str, Any]) -> str:
    """What a request asks for."""
    method, asked = request["REQUEST_METHOD"], parse_qs(request.get("QUERY_STRING", ""), keep_blank_values=True)
    if method == "PUT" and "HTTP_X_AMZ_COPY_SOURCE" in request:
        return "copy"
    return next((kind for name, kind in BY_QUERY.get(method, {}).items() if name in asked), method.lower())


def denied_to(policy: dict[str, Any], kind: str, request: dict[str, Any]) -> list[str]:
    """What a policy denies to a request; a copy reads an object, too."""
    denials = denied(policy, kind, *asked_for(kind, request))
    if kind == "copy":
        bucket, _, key = unquote(request["HTTP_X_AMZ_COPY_SOURCE"]).lstrip("/").partition("/")
        denials += denied(policy, "get", bucket, [key])
    return denials


def asked_for(kind: str, request: dict[str, Any]) -> tuple[str, list[str], str]:
    """The bucket, the objects (none where it is the bucket itself) and the listed prefix, of a URL with the bucket."""
    bucket, _, key = request["PATH_INFO"].lstrip("/").partition("/")
    prefix = parse_qs(request.get("QUERY_STRING", "")).get("prefix", [""])[0]
    if kind != "delete many":
        return bucket, [key] if key else [], prefix
    body = request["wsgi.input"].read(int(request["CONTENT_LENGTH"]))
    request["wsgi.input"] = BytesIO(body)
    return bucket, [one.text or "" for one in ElementTree.fromstring(body).iterfind(".//{*}Key")], prefix


def s3_app() -> S3App:
    """The app, around moto's own."""
    from moto.server import DomainDispatcherApplication, create_backend_app

    one_at_a_time()
    return S3App(store=DomainDispatcherApplication(create_backend_app))


def one_at_a_time() -> None:
    """Have moto look and put, or look and complete, in one step."""
    from moto.s3.responses import S3Response

    lock = threading.Lock()
    for name in ("put_object", "_key_response_post"):
        original = getattr(S3Response, name)

        def locked(self: Any, *told: Any, original: Callable[..., Any] = original, **more: Any) -> Any:
            with lock:
                return original(self, *told, **more)

        setattr(S3Response, name, locked)
