"""The oracle of a producer: a file that says of each message where it is and whether its transaction was committed.

In: messages with their places, before their commit and after it. Out: a line of JSON each, appended. Guaranteed:
`committed` stands only at what Kafka confirmed, or readers saw; whatever moment the process is killed at, the next one
on the same file adds what was being committed then, so that nothing that may be in the topic is missing here.
"""

import base64
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from lakehouse.errors import UsageError
from lakehouse.streams.transactions import Outcome, Place, Placed

PENDING = ".pending"
"""Ending of the file beside it with what is being committed."""


class Oracle:
    """The open file of one producer."""

    def __init__(self, path: Path, topic: str) -> None:
        self._path, self._topic = path, topic
        self._pending = path.with_name(path.name + PENDING)
        self._file: IO[bytes] = path.open("ab")
        _take(self._file, path)
        if self._pending.exists():
            _drop_half_line(path)
        elif not _ends_whole(path):
            raise UsageError(f"{path} is not what a producer wrote, its last line has no end: name another file")

    def __enter__(self) -> "Oracle":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def prepare(self, placed: Sequence[Placed]) -> None:
        """Before a commit: keep what may be in the topic from now on."""
        part = self._pending.with_name(f"{self._pending.name}.part")
        part.write_bytes(_lines(self._topic, placed, "unknown"))
        os.replace(part, self._pending)

    def settle(self, placed: Sequence[Placed], outcome: Outcome) -> None:
        """After a commit: say how it ended."""
        self._append(_lines(self._topic, placed, outcome))

    def _append(self, lines: bytes) -> None:
        self._file.write(lines)
        self._file.flush()
        self._pending.unlink(missing_ok=True)

    def recover(self, ask: Callable[[Collection[Place]], Outcome]) -> tuple[int, Outcome] | None:
        """Add what was being committed when an earlier producer was killed; how many messages, and how it ended.

        Args:
            ask: finds out what became of the transaction with messages at these places.
        """
        if not self._pending.exists():
            return None
        lines = [json.loads(line) for line in self._pending.read_bytes().splitlines()]
        last = map(json.loads, _last_lines(self._path, 2 * self._pending.stat().st_size))
        told = {_place(line): line["outcome"] for line in last}
        missing = [line for line in lines if _place(line) not in told]
        known = {told[_place(line)] for line in lines if _place(line) in told} - {"unknown"}
        outcome: Outcome = "unknown"
        if missing:  # all of it ended in one way
            outcome = known.pop() if known else ask({_place(line) for line in lines})
        self._append(b"".join(_encoded({**line, "outcome": outcome}) for line in missing))
        return (len(missing), outcome) if missing else None


@contextmanager
def opened(path: Path | None, topic: str) -> Iterator[Oracle | None]:
    """The oracle at a path; None where none is wanted.

    Raises:
        UsageError: the file cannot be written, another producer writes to it, or it is none of a producer.
    """
    if path is None:
        yield None
        return
    try:
        oracle = Oracle(path, topic)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): name another file with --oracle") from error
    with oracle:
        yield oracle


def _lines(topic: str, placed: Iterable[Placed], outcome: Outcome) -> bytes:
    return b"".join(_line(topic, one, outcome) for one in placed)


def _line(topic: str, placed: Placed, outcome: Outcome) -> bytes:
    told = {
        "topic": topic,
        "partition": placed.partition,
        "offset": placed.offset,
        "timestamp_ms": placed.timestamp_ms,
        **_told("key", placed.message.key),
        **_told("value", placed.message.value),
        "kind": placed.message.kind,
        "outcome": outcome,
    }
    return _encoded(told)


def _encoded(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told).encode() + b"\n"


def _told(name: str, content: bytes | None) -> Mapping[str, str | None]:
    """The bytes as text where they are UTF-8, else in base64 under another name."""
    if content is None:
        return {name: None}
    try:
        return {name: content.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(content).decode()}


def _place(told: Mapping[str, Any]) -> Place:
    return (told["topic"], told["partition"], told["offset"])


def _last_lines(path: Path, size: int) -> list[bytes]:
    """The whole lines within the last so many bytes of a file."""
    with path.open("rb") as file:
        begin = max(0, file.seek(0, os.SEEK_END) - size)
        file.seek(begin)
        lines = file.read().splitlines()
    return lines if begin == 0 else lines[1:]


def _take(file: IO[bytes], path: Path) -> None:
    """Be the only one who writes the file: another producer's pending lines are its own affair."""
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise UsageError(f"another producer writes to {path}: name another file with --oracle") from None


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        return end == 0 or _ends_line(file, end)


def _drop_half_line(path: Path) -> None:
    """Cut what a killed process wrote of a line that it did not finish; the line is still pending."""
    with path.open("rb+") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end and not _ends_line(file, end):
            end -= 1
        if end < size:
            file.truncate(end)


def _ends_line(file: IO[bytes], end: int) -> bool:
    file.seek(end - 1)
    return file.read(1) == b"\n"
