"""What is sent to Kafka, with what it was meant to be.

In: nothing. Out: a declaration. Guaranteed: bytes as they are to be sent; a garbage message is one like any other.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message: key and value as bytes (None: it has no value), and its kind, for who checks what became of it."""

    key: bytes
    value: bytes | None
    kind: str
