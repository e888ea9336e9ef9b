"""The oracle of the dimensions with history: live sale lines flow in; versions, as rows of the tables, flow out.

What is versioned how is tests/oracle/history.py's; here is what a line observes of a customer, a product and a store.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

from tests.oracle.calendar import NOT_APPLICABLE, UNKNOWN
from tests.oracle.history import (
    BEGINNING,
    OPEN_END,
    Attribute,
    Observation,
    Version,
    surrogate_key,
    versions_of_one_key,
)
from tests.oracle.silver import Statement

SUPERSTORE, ONLINE_RETAIL = "superstore", "online_retail"
NO_MERCHANDISE = re.compile("POST|DOT|M|m|D|S|C2|CRUK|B|PADS|BANK CHARGES|AMAZONFEE|gift_0001_[0-9]+")

cached_surrogate_key = lru_cache(maxsize=1 << 18)(surrogate_key)  # only spares time: many facts share a version

Key = tuple[str, str]
Said = dict[tuple[Any, ...], str]  # what observations of one key and time say → the greatest rank that says it
INTERVAL = {
    "valid_from": "timestamp",
    "valid_to": "timestamp",
    "is_current": "boolean",
    "first_observed_at": "timestamp",
}


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """One dimension; `parts` are, by source, the columns of a line that make its natural key.

    `columns` (name → kind) are those between the natural key and the interval, in the order of the table.
    """

    name: str
    parts: Mapping[str, tuple[str, ...]]
    attributes: tuple[Attribute, ...]
    columns: Mapping[str, str]
    members: tuple[str, str]

    @property
    def kinds(self) -> dict[str, str]:
        """All columns of the table that count, in hashing order."""
        keys = {f"{self.name}_sk": "integer", "source_system": "text", f"{self.name}_id": "text"}
        return keys | dict(self.columns) | INTERVAL


def known(*names: str, null_is: Literal["unknown", "value"] = "value") -> tuple[Attribute, ...]:
    return tuple(Attribute(name=name, null_is=null_is) for name in names)


CUSTOMER = Dimension(
    name="customer",
    parts={SUPERSTORE: ("customer_id",), ONLINE_RETAIL: ("customer_id",)},
    attributes=known("customer_name", "segment", "country"),
    columns=dict.fromkeys(("customer_name", "segment", "country"), "text"),
    members=("GUEST", "(not applicable)"),
)
PRODUCT = Dimension(
    name="product",
    parts={SUPERSTORE: ("product_id",), ONLINE_RETAIL: ("product_id",)},
    attributes=known("product_name", null_is="unknown") + known("category", "sub_category"),
    columns=dict.fromkeys(("product_name", "category", "sub_category"), "text") | {"is_merchandise": "boolean"},
    members=("(unknown)", "(not applicable)"),
)
STORE = Dimension(
    name="store",
    parts={SUPERSTORE: ("country", "state", "city"), ONLINE_RETAIL: ("country",)},
    attributes=known("market", "region"),
    columns=dict.fromkeys(("country", "state", "city", "market", "region"), "text"),
    members=("(unknown)", "(not applicable)"),
)
DIMENSIONS = (CUSTOMER, PRODUCT, STORE)


def natural_key(dimension: Dimension, line: Statement) -> str | None:
    """One part as it stands; several joined by |, % and | escaped, an empty part for NULL. None without the first."""
    parts = [line.value(column) for column in dimension.parts[line.source_system]]
    if parts[0] is None or len(parts) == 1:
        return parts[0]
    return "|".join((part or "").translate({ord("%"): "%25", ord("|"): "%7C"}) for part in parts)


def told(dimension: Dimension, line: Statement) -> tuple[Any, ...]:
    """What a line says of the attributes: the country of Superstore is the order's, not the customer's."""
    return tuple(
        None
        if dimension is CUSTOMER and attribute.name == "country" and line.source_system == SUPERSTORE
        else line.value(attribute.name)
        for attribute in dimension.attributes
    )


def without_repeats(by_time: Mapping[datetime, Said]) -> Iterator[tuple[datetime, Said]]:
    """Of successive times at which one thing was said, and at all of them the same, the first.

    The others begin no version, are looked back through to the first, and differ from their version only where the
    first does. Only sparing: the country of most invoices of Online Retail is told half a million times.
    """
    before: Said = {}
    for at in sorted(by_time):
        said = by_time[at]
        if not (len(said) == len(before) == 1 and said.keys() == before.keys()):
            yield at, said
        before = said


def versions_of(dimension: Dimension, lines: Iterable[Statement]) -> dict[Key, list[Version]]:
    """The versions of each key, in order of time."""
    facts: dict[Key, dict[datetime, Said]] = defaultdict(lambda: defaultdict(dict))
    for line in lines:
        key = natural_key(dimension, line)
        if key is not None:
            said = facts[line.source_system, key][line.value("ordered_at").astimezone(UTC).replace(tzinfo=None)]
            values = told(dimension, line)
            said[values] = max(said.get(values, ""), line.sale_id)
    attributes = list(dimension.attributes)
    names = [attribute.name for attribute in attributes]
    found = {}
    for key, by_time in facts.items():
        seen = [
            Observation(key=key, at=at, rank=rank, attributes=dict(zip(names, values, strict=True)))
            for at, said in without_repeats(by_time)
            for values, rank in said.items()
        ]
        found[key] = versions_of_one_key(key, seen, set(), attributes)
    return found


def row_of(dimension: Dimension, version: Version) -> dict[str, Any]:
    """A version as a row of the table."""
    source, key = version.key
    row = {
        f"{dimension.name}_sk": surrogate_key(source, key, version.valid_from),
        "source_system": source,
        f"{dimension.name}_id": key,
        **version.attributes,
        "valid_from": version.valid_from.replace(tzinfo=UTC),
        "valid_to": version.valid_to.replace(tzinfo=UTC),
        "is_current": version.is_current,
        "first_observed_at": version.first_observed_at.replace(tzinfo=UTC),
    }
    if dimension is PRODUCT:
        row["is_merchandise"] = source != ONLINE_RETAIL or not NO_MERCHANDISE.fullmatch(key)
    if dimension is STORE:
        texts = key.split("|") if len(dimension.parts[source]) > 1 else [key]
        if len(texts) > 1:
            texts = [text.replace("%7C", "|").replace("%25", "%") for text in texts]
        row |= dict(zip(dimension.parts[source], (text or None for text in texts), strict=True))
    return row


def member_rows(dimension: Dimension) -> Iterator[dict[str, Any]]:
    """The rows -1 and -2, valid always; their name is told where the dimension has names."""
    for key, name in zip((UNKNOWN, NOT_APPLICABLE), dimension.members, strict=True):
        yield {
            f"{dimension.name}_sk": key,
            "source_system": "-",
            f"{dimension.name}_id": name,
            f"{dimension.name}_name": name,
            "is_merchandise": True,
            "valid_from": BEGINNING.replace(tzinfo=UTC),
            "valid_to": OPEN_END.replace(tzinfo=UTC),
            "is_current": True,
        }


def key_at(dimension: Dimension, line: Statement, versions: Mapping[Key, list[Version]]) -> int:
    """The surrogate key of the version that covers `ordered_at`; -1 for a line without the natural key.

    Raises LookupError where no version covers it.
    """
    natural = natural_key(dimension, line)
    if natural is None:
        return UNKNOWN
    at = line.value("ordered_at").astimezone(UTC).replace(tzinfo=None)
    there = versions[line.source_system, natural]
    version = there[bisect_right([v.valid_from for v in there], at) - 1]
    if not version.covers(at):
        raise LookupError(f"no version of {natural} covers {at}")
    return cached_surrogate_key(line.source_system, natural, version.valid_from)
