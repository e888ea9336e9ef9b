"""The oracle of the silver digest: a state flows in, (row count, sum of row digests) flows out.

Independent of row order; blind to recorded_at and technical columns; tombstones take part.
"""

from tests.oracle.silver import State, Statement, hash_fields

DIGITS = 15  # of a hexadecimal sha256: 60 bits, so that a row digest fits a BIGINT


def row_digest(row: Statement) -> int:
    """The digest of one silver row over source, key, operation and business columns."""
    deleted = "true" if row.is_deleted else "false"
    return int(hash_fields([row.source_system, row.sale_id, deleted, *row.texts()])[:DIGITS], 16)


def digest(state: State) -> tuple[int, int]:
    """(row count, exact sum of the row digests); the sum can exceed 64 bits."""
    return len(state), sum(row_digest(row) for row in state.values())
