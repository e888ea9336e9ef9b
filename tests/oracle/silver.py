"""The oracle of silver: which statement about a sale line wins, and in which accounting class each one falls.

Statements flow in, in batches or all at once; the winner of each key and a count per class flow out.
`silver_of` is a pure reduction and `apply_batch` the incremental road: they were written apart so that tests
can hold one against the other.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any

# The business columns of silver.sales in hashing order, each with the kind that decides its canonical text.
BUSINESS_COLUMNS = {
    "row_id": "text",
    "order_id": "text",
    "order_date": "date",
    "ship_date": "date",
    "ship_mode": "text",
    "customer_id": "text",
    "customer_name": "text",
    "segment": "text",
    "city": "text",
    "state": "text",
    "country": "text",
    "postal_code": "text",
    "market": "text",
    "region": "text",
    "product_id": "text",
    "category": "text",
    "sub_category": "text",
    "product_name": "text",
    "sales": "money",
    "quantity": "integer",
    "discount": "money",
    "profit": "money",
    "shipping_cost": "money",
    "order_priority": "text",
    "ordered_at": "timestamp",
    "unit_price": "money",
    "is_return": "boolean",
}
STATEMENT_CLASSES = (
    "duplicate",
    "stale",
    "inserted",
    "tombstoned",
    "deleted",
    "revived",
    "refreshed",
    "updated",
)
CLASSES = ("blank", "quarantined", *STATEMENT_CLASSES)
HASH_VERSION = "v1:"

Key = tuple[str, str]


def money_text(value: Decimal) -> str:
    """A DECIMAL(20,6) as text with exactly 6 decimals. Raises ValueError where digits would be lost."""
    text = f"{value:.6f}"
    if Decimal(text) != value:
        raise ValueError(f"{value} has more than 6 decimals")
    return "0.000000" if value == 0 else text


def timestamp_text(value: datetime) -> str:
    """An aware timestamp as UTC text with 6 digits of the second."""
    moment = value.astimezone(UTC)
    return f"{moment.date().isoformat()} {moment:%H:%M:%S.%f}"


WRITERS: dict[str, Callable[[Any], str]] = {
    "text": str,
    "integer": lambda value: str(int(value)),
    "money": lambda value: money_text(Decimal(value)),
    "date": date.isoformat,
    "timestamp": timestamp_text,
    "boolean": lambda value: "true" if value else "false",
}


@lru_cache(maxsize=1 << 18)
def canonical(column: str, value: Any) -> str | None:
    """The canonical text of a value of a business column; None for NULL.

    The caches here and below only spare time: real files repeat their values.
    """
    return None if value is None else WRITERS[BUSINESS_COLUMNS[column]](value)


@lru_cache(maxsize=1 << 18)
def framed(text: str | None) -> bytes:
    """A field with its length in UTF-8 bytes before it; NULL is apart from the empty text."""
    if text is None:
        return b"N;"
    encoded = text.encode()
    return b"%d:%b;" % (len(encoded), encoded)


def hash_fields(texts: Iterable[str | None]) -> str:
    """sha256, hexadecimal lower case, over the framed fields one after the other."""
    return sha256(b"".join(map(framed, texts))).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a source said at `recorded_at` (UTC) about one sale line; a silver row is the winning statement.

    `content` maps business columns to values; absent means NULL. What a delete says beyond its key is
    ignored.
    """

    source_system: str
    sale_id: str
    recorded_at: datetime
    is_deleted: bool = False
    content: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """The key of the sale line."""
        return self.source_system, self.sale_id

    def value(self, column: str) -> Any:
        """The value that silver shows in a business column: NULL everywhere in a tombstone."""
        return None if self.is_deleted else self.content.get(column)

    def texts(self) -> list[str | None]:
        """Canonical texts of all business columns in their order."""
        return [canonical(column, self.value(column)) for column in BUSINESS_COLUMNS]

    @cached_property
    def content_hash(self) -> str:
        """The versioned hash over the business columns."""
        return HASH_VERSION + hash_fields(self.texts())

    @cached_property
    def order(self) -> tuple[datetime, bool, str]:
        """The total order within a key: the greatest wins."""
        return self.recorded_at, self.is_deleted, self.content_hash


State = dict[Key, Statement]


def silver_of(statements: Iterable[Statement]) -> State:
    """Silver of a set of statements: per key the greatest, whatever order or repetition they come in."""
    state: State = {}
    for statement in statements:
        standing = state.setdefault(statement.key, statement)
        if standing is not statement and statement.order > standing.order:
            state[statement.key] = statement
    return state


def is_conflict(one: Statement, other: Statement) -> bool:
    """Whether two statements of a key were recorded at one moment with different content."""
    return one.recorded_at == other.recorded_at and one.content_hash != other.content_hash


def classify(standing: Statement | None, coming: Statement) -> str:
    """The accounting class of a batch's winner that meets what stands in silver before the batch."""
    if standing is None:
        return "tombstoned" if coming.is_deleted else "inserted"
    if coming.order == standing.order:
        return "duplicate"
    if coming.order < standing.order:
        return "stale"
    if coming.is_deleted != standing.is_deleted:
        return "deleted" if coming.is_deleted else "revived"
    return "refreshed" if coming.content_hash == standing.content_hash else "updated"


def apply_batch(state: State, batch: Iterable[Statement]) -> tuple[State, Counter[str]]:
    """Silver after a batch, and its accounting: rows per class and `conflicts` (a hint outside the sum).

    `state` is left as it was. Within the batch each loser is compared with its key's winner; then the winner
    with silver before the batch.
    """
    groups: dict[Key, list[Statement]] = {}
    for statement in batch:
        groups.setdefault(statement.key, []).append(statement)
    after, counts = dict(state), Counter[str]()
    for key, group in groups.items():
        winner, standing = group[0], state.get(key)
        for other in group[1:]:
            winner = other if other.order > winner.order else winner
        for other in group:
            if other is not winner:
                counts["duplicate" if other.order == winner.order else "stale"] += 1
                counts["conflicts"] += is_conflict(other, winner)
        counts["duplicate"] += sum(other is winner for other in group) - 1
        found = classify(standing, winner)
        counts[found] += 1
        counts["conflicts"] += standing is not None and is_conflict(standing, winner)
        if found not in ("duplicate", "stale"):
            after[key] = winner
    return after, +counts


def rows_in(counts: Mapping[str, int]) -> int:
    """The rows that an accounting speaks of: the sum over all classes, without the hint `conflicts`."""
    return sum(counts.get(name, 0) for name in CLASSES)


def live(state: State) -> list[Statement]:
    """The live sale lines of silver: its rows that are no tombstones."""
    return [row for row in state.values() if not row.is_deleted]
