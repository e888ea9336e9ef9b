"""Whatever the bytes of a file are, it is described truly or rejected, and nothing else is raised."""

import gzip
import io
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.bronze.detect import RejectedFile, inspect_file
from lakehouse.bronze.records import open_text, read_records

PIECES = st.lists(
    st.sampled_from(
        [
            b"Row ID",
            b"Sales",
            b",",
            b";",
            b"\n",
            b"\r\n",
            b'"',
            b"\0",
            b"\xe9",
            b"\xc3\xa9",
            b"\xff\xfe",
            b" ",
        ]
    ),
    max_size=30,
).map(b"".join)
PACKINGS: list[Callable[[bytes], bytes]] = [
    bytes,
    gzip.compress,
    lambda data: gzip.compress(data)[: len(data)],
    lambda data: b"\x1f\x8b\x08\0" + data,
    lambda data: b"Row ID,Sales\n" + data,
    lambda data: b"\xff\xfe" + "Row ID,Sales\n".encode("utf-16-le") + data,
]


@given(st.one_of(st.binary(), PIECES), st.sampled_from(PACKINGS))
def test_any_bytes_are_described_truly_or_rejected(content: bytes, pack: Callable[[bytes], bytes]) -> None:
    data = pack(content)
    try:
        facts = inspect_file(lambda: io.BytesIO(data), expected_headers=("Row ID", "Sales"))
    except RejectedFile:
        return
    with open_text(io.BytesIO(data), facts.encoding) as text:
        records = list(read_records(text, facts.encoding, facts.delimiter))
    after = [record for record in records if record.line > facts.header_line]
    assert len(after) == facts.records
    assert tuple(next(record.fields or () for record in records if record.line == facts.header_line)) == facts.header
