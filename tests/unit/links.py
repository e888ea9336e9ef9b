"""A Kafka that is none: what a producer needs of one, in memory, with errors when they are asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from lakehouse.streams.message import Message


def messages(count: int) -> list[Message]:
    return [
        Message(key=b"%d" % n, value=None if n % 5 == 4 else b"value \xff %d" % n, kind="new") for n in range(count)
    ]


def nothing() -> None:
    """What is done where nothing is to go wrong."""


@dataclass
class FakeLink:
    """A topic of one partition; `on_send`, `on_flush`, `on_commit` and `on_abort` are called before each such step."""

    on_send: Callable[[], None] = nothing
    on_flush: Callable[[], None] = nothing
    on_commit: Callable[[], None] = nothing
    on_abort: Callable[[], None] = nothing
    log: list[bytes] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def begin_transaction(self) -> None:
        self.calls.append("begin")

    def send(self, topic: str, value: bytes | None, key: bytes, timestamp_ms: int) -> Any:
        self.on_send()
        self.log.append(key)
        self.times.append(timestamp_ms)
        put = SimpleNamespace(partition=0, offset=len(self.log) - 1, timestamp=timestamp_ms)
        return SimpleNamespace(get=lambda timeout: put)

    def flush(self, timeout: float) -> None:
        self.on_flush()

    def commit_transaction(self) -> None:
        self.on_commit()
        self.calls.append("commit")

    def abort_transaction(self) -> None:
        self.on_abort()
        self.calls.append("abort")
