"""Random histories: crowded times and few values, so that ties, repeats, gaps and corrections are common.

Out flow attribute lists (profiles), sets of facts, and sequences of such sets, each made from the last by
arrivals, withdrawals, corrections and ends that come and go.
"""

import random
from datetime import datetime, timedelta

from hypothesis import strategies as st

from tests.oracle.history import Attribute, End, Fact, Observation


def profile(**kinds: str) -> list[Attribute]:
    """`t="tracked value"` and the like."""
    words = {name: kind.split() for name, kind in kinds.items()}
    return [
        Attribute(name=name, tracked=tracked == "tracked", null_is=null_is)  # type: ignore[arg-type]
        for name, (tracked, null_is) in words.items()
    ]


PROFILES = [
    profile(t="tracked value"),
    profile(t="tracked unknown"),
    profile(t="tracked unknown", u="tracked unknown"),
    profile(t="tracked unknown", u="tracked value"),
    profile(t="tracked value", u="untracked value"),
    profile(t="tracked value", u="untracked unknown"),
    profile(t="tracked unknown", u="untracked unknown"),
    profile(t="tracked unknown", u="untracked value"),
    profile(t="tracked unknown", u="untracked value", v="untracked unknown"),
    profile(u="untracked unknown"),
]
VALUES = [None, "x", "y"]


def day(number: float) -> datetime:
    return datetime(2024, 1, 1) + timedelta(days=number - 1)


def observation(key: str, on: float, rank: str, values: tuple, attributes: list[Attribute]) -> Observation:
    named = {attribute.name: value for attribute, value in zip(attributes, values, strict=False)}
    return Observation(key=key, at=day(on), rank=rank, attributes=named)


KEYS, DAYS, RANKS = st.sampled_from("kkkl"), st.integers(1, 6), st.sampled_from("pqr")
THREE_VALUES = st.tuples(*[st.sampled_from(VALUES)] * 3)
SEEN = st.tuples(st.just("see"), KEYS, DAYS, RANKS, THREE_VALUES)
ENDED = st.tuples(st.just("end"), KEYS, DAYS)
WENT = st.tuples(st.just("withdraw"), st.integers(0, 30))
MOVED = st.tuples(st.just("correct"), st.integers(0, 30), KEYS, DAYS, THREE_VALUES)
CHANGE = st.one_of(SEEN, SEEN, SEEN, ENDED, WENT, WENT, MOVED)
BATCHES = st.lists(st.lists(CHANGE, min_size=0, max_size=6), min_size=1, max_size=5)


def in_order(facts: set[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda fact: (fact.key, fact.at, getattr(fact, "rank", "")))


def with_observation(facts: set[Fact], new: Observation) -> set[Fact]:
    """An observation of the same key, time and rank gives way: that is what a correction of one line does."""
    name = (new.key, new.at, new.rank)
    return {f for f in facts if (f.key, f.at, getattr(f, "rank", None)) != name} | {new}


def changed(facts: set[Fact], change: tuple, attributes: list[Attribute]) -> set[Fact]:
    match change:
        case ("see", key, on, rank, values):
            return with_observation(facts, observation(key, on, rank, values, attributes))
        case ("end", key, on):
            return facts | {End(key=key, at=day(on))}
        case ("withdraw", index) if facts:
            return facts - {in_order(facts)[index % len(facts)]}
        case ("correct", index, key, on, values):
            lines = [fact for fact in in_order(facts) if isinstance(fact, Observation)]
            if lines:
                line = lines[index % len(lines)]
                return with_observation(facts - {line}, observation(key, on, line.rank, values, attributes))
    return facts


def random_change(dice: random.Random, days: int, ranks: str) -> tuple:
    """One change of key k, for walks of many thousands where Hypothesis would be slow."""
    kind, on = dice.random(), dice.randint(1, days)
    if kind < 0.25:
        return ("withdraw", dice.randrange(30))
    if kind < 0.35:
        return ("end", "k", on)
    return ("see", "k", on, dice.choice(ranks), tuple(dice.choice(VALUES) for _ in range(3)))


def states(batches: list[list[tuple]], attributes: list[Attribute]) -> list[set[Fact]]:
    """The facts before the first batch (none) and after each."""
    facts: set[Fact] = set()
    after = [facts]
    for batch in batches:
        for change in batch:
            facts = changed(facts, change, attributes)
        after.append(facts)
    return after


FACTS = st.lists(st.one_of(SEEN, SEEN, SEEN, ENDED), max_size=10)
