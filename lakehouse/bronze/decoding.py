"""The bytes of a file → its text, streamed, with nothing lost.

Gzip is recognised by its content. What the encoding cannot decode stays in the text as lone surrogates, one a
byte, so that `faithful_bytes` gives back exactly what was there and only the records concerned are damaged.
"""

import codecs
import gzip
import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import BinaryIO, TextIO, cast

Openable = str | PathLike[str] | Callable[[], BinaryIO] | BinaryIO
"""A path, a callable that opens the file, or a binary stream (left open, for its owner to close)."""

GZIP_MAGIC = b"\x1f\x8b"
_ESCAPED = re.compile("([\udc00-\udcff]+)")
_GZIP_BUFFER = 1 << 18
_KEEP_BYTES = "lakehouse_keep_bytes"


@contextmanager
def open_binary(file: Openable) -> Iterator[io.BufferedReader]:
    """The bytes of a file, decompressed where its content (not its name) is gzip.

    Args:
        file: See `Openable`.

    Raises:
        OSError, EOFError, zlib.error: While reading; `gzip.BadGzipFile` is an OSError.
    """
    with ExitStack() as stack:
        if isinstance(file, str | PathLike):
            stream: BinaryIO = stack.enter_context(Path(file).open("rb"))
        elif callable(file):
            stream = stack.enter_context(file())
        else:
            stream = file
        if isinstance(stream, io.BufferedReader):
            buffered = stream
        else:
            buffered = io.BufferedReader(cast(io.RawIOBase, stream))
            stack.callback(buffered.detach)  # else its finalizer would close a stream that is not ours
        if buffered.peek(2)[:2] == GZIP_MAGIC:
            unpacked = stack.enter_context(gzip.GzipFile(fileobj=buffered))
            buffered = io.BufferedReader(cast(io.RawIOBase, unpacked), _GZIP_BUFFER)
        yield buffered


@contextmanager
def open_text(file: Openable, encoding: str) -> Iterator[TextIO]:
    """The text of a file, streamed, line ends untouched; undecodable bytes stand as U+DC00 + byte.

    Args:
        file: See `Openable`.
        encoding: A Python codec; `utf-16` takes its byte order from the mark (without: little endian).
    """
    with open_binary(file) as binary:
        codec = {"utf-8-sig": "utf-8", "utf_8_sig": "utf-8"}.get(encoding.lower(), encoding)
        if codec.lower().replace("_", "-") == "utf-16":
            codec = "utf-16-be" if binary.peek(2)[:2] == codecs.BOM_UTF16_BE else "utf-16-le"
        # The built-in handler is quick but refuses bytes below 0x80, which an invalid UTF-16 unit may hold.
        errors = "surrogateescape" if codec.lower() in ("utf-8", "cp1252") else _KEEP_BYTES
        text = io.TextIOWrapper(binary, encoding=codec, errors=errors, newline="")
        try:
            yield text
        finally:
            if not text.closed:
                text.detach()


def is_undecodable(text: str) -> bool:
    """Whether the text from `open_text` holds bytes that could not be decoded."""
    return not text.isascii() and _ESCAPED.search(text) is not None


def readable(text: str) -> str:
    """The text with U+FFFD for each undecodable byte: valid Unicode, fit for Arrow and for people."""
    return _ESCAPED.sub(lambda escaped: "\ufffd" * len(escaped[0]), text)


def faithful_bytes(text: str, codec: str) -> bytes:
    """The bytes that `open_text` decoded to `text`, undecodable ones included."""
    pieces = _ESCAPED.split(text)  # even: text, odd: runs of escaped bytes
    return b"".join(
        bytes(ord(char) - 0xDC00 for char in piece) if index % 2 else piece.encode(codec)
        for index, piece in enumerate(pieces)
    )


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: each undecodable byte becomes the lone surrogate U+DC00 + byte, for any codec."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_KEEP_BYTES, _keep_bytes)
