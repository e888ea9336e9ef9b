"""The rules of history (SCD2) in plain Python: the oracle that the Spark core is compared with.

In flow observations and ends of keys, out flow versions: half-open intervals in UTC, in order of key and
time. Written for reading, not for speed; it shares no code with the product: two readings of one text must
agree.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

BEGINNING = datetime(1900, 1, 1)
OPEN_END = datetime(9999, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One attribute of a dimension; `null_is` tells whether NULL says "I do not know" or is a value."""

    name: str
    tracked: bool = True
    null_is: Literal["unknown", "value"] = "value"


@dataclass(frozen=True, kw_only=True)
class Observation:
    """At `at`, someone saw `key` with these attributes; `rank` decides between observations of one time.

    (key, at, rank) names an observation: the same one again is a repetition, with other attributes a
    contradiction.
    Ranks compare as Python text does, by code point, which is the bytewise order of their UTF-8.
    """

    key: Any
    at: datetime
    rank: str
    attributes: dict[str, Any]

    def __hash__(self) -> int:
        return hash((self.key, self.at, self.rank))


@dataclass(frozen=True, kw_only=True)
class End:
    """At `at`, `key` ceased to be."""

    key: Any
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Version:
    """What was true of `key` in [valid_from, valid_to)."""

    key: Any
    valid_from: datetime
    valid_to: datetime
    attributes: dict[str, Any]
    first_observed_at: datetime
    uneven: bool

    @property
    def is_current(self) -> bool:
        return self.valid_to == OPEN_END

    def covers(self, at: datetime) -> bool:
        return self.valid_from <= at < self.valid_to


Fact = Observation | End


def versions(observations: Iterable[Observation], ends: Iterable[End], attributes: list[Attribute]) -> list[Version]:
    """All versions of all keys, from nothing. Raises ValueError where `refuse_what_has_no_answer` does."""
    observations, ends = set(observations), set(ends)
    refuse_what_has_no_answer(observations, ends)
    keys = sorted({observation.key for observation in observations})
    return [
        version
        for key in keys
        for version in versions_of_one_key(
            key, [o for o in observations if o.key == key], {e.at for e in ends if e.key == key}, attributes
        )
    ]


def split(facts: Iterable[Fact]) -> tuple[list[Observation], list[End]]:
    facts = list(facts)
    return [f for f in facts if isinstance(f, Observation)], [f for f in facts if isinstance(f, End)]


def rebuild(facts: Iterable[Fact], attributes: list[Attribute]) -> list[Version]:
    """`versions` of facts of both kinds in one collection."""
    return versions(*split(facts), attributes)


def refuse_what_has_no_answer(observations: set[Observation], ends: set[End]) -> None:
    """No rule orders two statements of one rank at one time, and no version covers times beyond the
    calendar.
    """
    if len({(o.key, o.at, o.rank) for o in observations}) < len(observations):
        raise ValueError("two observations of the same key, time and rank contradict each other")
    for fact in [*observations, *ends]:
        if not BEGINNING <= fact.at < OPEN_END:
            raise ValueError(f"{fact.at} lies outside [{BEGINNING}, {OPEN_END})")


def versions_of_one_key(
    key: Any, observations: list[Observation], ended: set[datetime], attributes: list[Attribute]
) -> list[Version]:
    observed = {observation.at for observation in observations}
    begun: list[dict[str, Any]] = []  # valid_from, valid_to, first_observed_at, attributes
    is_open = False
    for at in sorted(observed | ended):
        if at not in observed:  # an end; where an observation stands at the same time, the end has lost
            if is_open:
                begun[-1]["valid_to"] = at
            is_open = False
            continue
        seen = {attribute.name: value_at(at, attribute, observations) for attribute in attributes}
        if is_open and all(seen[a.name] == begun[-1]["attributes"][a.name] for a in attributes if a.tracked):
            continue
        if is_open:
            begun[-1]["valid_to"] = at
        is_the_earliest_fact = at == min(observed | ended)
        valid_from = BEGINNING if is_the_earliest_fact else at
        begun.append({"valid_from": valid_from, "valid_to": OPEN_END, "first_observed_at": at, "attributes": seen})
        is_open = True
    lost_ends = ended & observed
    return [Version(key=key, uneven=is_uneven(v, observations, lost_ends, attributes), **v) for v in begun]


def value_at(at: datetime, attribute: Attribute, observations: list[Observation]) -> Any:
    """The last known value at or before `at` (at one time the greatest rank), else the first known, else
    None.

    With `null_is: value` every observation knows, so that this is the greatest rank at `at` itself.
    """
    knowing = [o for o in observations if attribute.null_is == "value" or o.attributes[attribute.name] is not None]
    until_then = [o for o in knowing if o.at <= at]
    if until_then:
        return max(until_then, key=lambda o: (o.at, o.rank)).attributes[attribute.name]
    if knowing:
        first_time = min(o.at for o in knowing)
        return max((o for o in knowing if o.at == first_time), key=lambda o: o.rank).attributes[attribute.name]
    return None


def compared(attributes: list[Attribute]) -> list[Attribute]:
    """The attributes by which an observation may "differ" from a version.

    An untracked one with `null_is: value` matters at `first_observed_at` and nowhere else, which has
    conditions of its own. An untracked one with `null_is: unknown` matters everywhere: a later version may
    take its value from here.
    """
    return [attribute for attribute in attributes if attribute.tracked or attribute.null_is == "unknown"]


def differs(observation: Observation, attributes_of_version: dict[str, Any], attributes: list[Attribute]) -> bool:
    """Null-safe: None equals None and nothing else."""
    return any(observation.attributes[a.name] != attributes_of_version[a.name] for a in compared(attributes))


def is_uneven(
    version: dict[str, Any],
    observations: list[Observation],
    lost_ends: set[datetime],
    attributes: list[Attribute],
) -> bool:
    """Whether an observation inside differs from the version, or an end inside lost to an observation."""

    def inside(at: datetime) -> bool:
        return version["valid_from"] <= at < version["valid_to"]

    return any(inside(o.at) and differs(o, version["attributes"], attributes) for o in observations) or any(
        inside(at) for at in lost_ends
    )


def covering(fact: Any, dimension: Iterable[Version]) -> Version | None:
    found = [version for version in dimension if version.key == fact.key and version.covers(fact.at)]
    if len(found) > 1:
        raise ValueError(f"{len(found)} versions of {fact.key} cover {fact.at}")
    return found[0] if found else None


def point(fact: Any, dimension: Iterable[Version]) -> Version:
    """The version that a fact (anything with `key` and `at`) points at. LookupError where none covers it."""
    version = covering(fact, dimension)
    if version is None:
        raise LookupError(f"no version of {fact.key} covers {fact.at}")
    return version


def hash_fields(texts: Iterable[str | None]) -> str:
    """sha256, hexadecimal, over each field as 'N;' or its length in UTF-8 bytes, ':', the bytes, ';'."""
    message = b""
    for text in texts:
        message += b"N;" if text is None else b"%d:%s;" % (len(text.encode()), text.encode())
    return hashlib.sha256(message).hexdigest()


def surrogate_key(source_system: str, natural_key: str, valid_from: datetime) -> int:
    """The first 15 hexadecimal digits of the hash: it fits a BIGINT and is the same in every build."""
    text = valid_from.strftime("%Y-%m-%d %H:%M:%S.%f")
    return int(hash_fields([source_system, natural_key, text])[:15], 16)
