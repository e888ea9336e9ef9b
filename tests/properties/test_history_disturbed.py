"""The rule that says which keys a batch disturbs is complete and tight.

Complete: two small worlds walked through wholly, and 60,000 random batches, end where a rebuild ends.
Tight: no condition can be left out, each shown by a history that goes wrong without it, and most keys of a
steady business are left alone.
"""

import itertools
import random
from collections import Counter

import pytest

from tests.oracle import history_steps as steps
from tests.oracle.history import Attribute, End, Fact, Observation, Version, rebuild
from tests.oracle.history_steps import step
from tests.oracle.history_strategies import PROFILES, changed, day, observation, profile, random_change

# Small worlds, walked through wholly: every state, every single change of it. By the induction in
# history_steps a sequence of undisturbed single changes is all that a batch can hide.


def every_state_and_change(slots: list[list[Fact | None]]):
    """A state takes one of the facts, or None, from each slot; a change puts another in one slot."""
    for state in itertools.product(*slots):
        yield (
            state,
            [
                (*state[:place], other, *state[place + 1 :])
                for place, slot in enumerate(slots)
                for other in slot
                if other != state[place]
            ],
        )


def slot(on: int, rank: str, attributes: list[Attribute], *values: str) -> list[Fact | None]:
    """`.` is NULL."""
    named = [tuple(None if value == "." else value for value in text) for text in values]
    return [None, *(observation("k", on, rank, value, attributes) for value in named)]


def slots_with_ends_and_ties() -> tuple[list[Attribute], list[list[Fact | None]]]:
    attributes = profile(t="tracked unknown")
    lines = [(1, "p"), (2, "p"), (2, "q"), (3, "p")]
    return attributes, [
        *(slot(on, rank, attributes, ".", "x", "y") for on, rank in lines),
        *([None, End(key="k", at=day(on))] for on in (1, 2, 3)),
    ]


def slots_with_an_untracked_unknown() -> tuple[list[Attribute], list[list[Fact | None]]]:
    attributes = profile(t="tracked value", u="untracked unknown")
    return attributes, [slot(on, "p", attributes, "a.", "ax", "ay", "b.", "bx", "by") for on in (1, 2, 3, 4)]


@pytest.mark.parametrize("world", [slots_with_ends_and_ties, slots_with_an_untracked_unknown])
def test_every_single_change_of_a_small_world_ends_where_a_rebuild_ends(world):
    attributes, slots = world()
    counted: Counter[bool] = Counter()
    for state, changes in every_state_and_change(slots):
        old = {fact for fact in state if fact}
        before = rebuild(old, attributes)
        for change in changes:
            new = {fact for fact in change if fact}
            after, rebuilt = step(before, old, new, attributes)
            counted[bool(rebuilt)] += 1
            if not rebuilt:
                assert after == rebuild(new, attributes), (old, new)
    assert counted[False] > 0.01 * counted.total(), "the rule is not the trivial one: every key"


def test_random_batches_that_disturb_nothing_change_nothing():
    dice, left_alone = random.Random(4), 0
    for _ in range(6000):
        attributes, days, ranks = dice.choice(PROFILES), dice.randint(3, 7), "pqr"[: dice.randint(1, 3)]
        old: set[Fact] = set()
        for _ in range(dice.randint(1, 9)):
            old = changed(old, random_change(dice, days, ranks), attributes)
        before = rebuild(old, attributes)
        for _ in range(10):
            new = old
            for _ in range(dice.choice((1, 1, 1, 2, 3))):
                new = changed(new, random_change(dice, days, ranks), attributes)
            after, rebuilt = step(before, old, new, attributes)
            if new != old and not rebuilt:
                left_alone += 1
                assert after == rebuild(new, attributes), (old, new)
    assert left_alone > 1000


# Each condition is needed: without it this history goes wrong. A letter is a tracked value, the next
# untracked.

T, TU = profile(t="tracked value"), profile(t="tracked value", u="untracked value")
TN, T_UN = profile(t="tracked unknown"), profile(t="tracked value", u="untracked unknown")


def line(on: int, text: str, attributes: list[Attribute], rank: str = "p") -> Observation:
    return observation("k", on, rank, tuple(None if letter == "." else letter for letter in text), attributes)


END_ON_2 = End(key="k", at=day(2))
NEEDED = {
    steps.UNCOVERED: (T, set(), {line(1, "a", T)}),
    steps.DIFFERS: (T, {line(1, "a", T)}, {line(1, "a", T), line(2, "b", T)}),
    steps.EARLIER: (T, {line(2, "a", T)}, {line(2, "a", T), line(1, "a", T)}),
    steps.AT_FIRST: (TU, {line(1, "ax", TU, "p")}, {line(1, "ax", TU, "p"), line(1, "ay", TU, "q")}),
    steps.LATE_HINT: (
        T_UN,
        {line(1, "ax", T_UN), line(3, "ay", T_UN), line(5, "b.", T_UN)},
        {line(1, "ax", T_UN), line(3, "ay", T_UN), line(4, "ax", T_UN), line(5, "b.", T_UN)},
    ),
    steps.FIRST_WENT: (T, {line(1, "a", T), line(2, "a", T)}, {line(2, "a", T)}),
    steps.UNEVEN_WENT: (TN, {line(1, ".", TN), line(2, "a", TN)}, {line(1, ".", TN)}),
    steps.END_CHANGED: (T, {line(1, "a", T)}, {line(1, "a", T), END_ON_2}),
}


@pytest.mark.parametrize("reason", NEEDED)
def test_no_condition_can_be_left_out(reason):
    attributes, old, new = NEEDED[reason]
    before = rebuild(old, attributes)
    assert step(before, old, new, attributes)[0] == rebuild(new, attributes)
    assert step(before, old, new, attributes, blind_to=frozenset({reason}))[0] != rebuild(new, attributes)


def test_an_end_that_lost_makes_its_version_uneven():
    old = {line(1, "a", T), line(2, "a", T), END_ON_2}
    assert [v.uneven for v in rebuild(old, T)] == [True]
    new = {line(1, "a", T), END_ON_2}
    assert step(rebuild(old, T), old, new, T)[0] == rebuild(new, T)
    assert rebuild(new, T)[0].valid_to == day(2)


def test_most_keys_of_a_steady_business_are_left_alone(record_property):
    """Values change once in 40 lines; 60 batches of 10 lines, a fifth of them late, with withdrawals
    between.
    """
    dice, attributes, now = random.Random(7), profile(t="tracked unknown", u="tracked value"), 1.0
    facts: set[Fact] = set()
    dimension: list[Version] = []
    current = dict.fromkeys("abcdef", ("x", "x"))
    counted: Counter[str] = Counter()
    for number in range(60):
        old = facts
        for _ in range(10):
            key, now = dice.choice("abcdef"), now + 0.1
            if dice.random() < 1 / 40:
                current[key] = (dice.choice("xyz"), dice.choice("xyz"))
            on = now if dice.random() < 0.8 else max(1.0, now - 3 * dice.random())
            facts = facts | {observation(key, on, f"{number}-{now}", current[key], attributes)}
        if number % 5 == 0:
            facts = changed(facts, ("withdraw", dice.randrange(1000)), attributes)
        dimension, rebuilt = step(dimension, old, facts, attributes)
        counted["touched"] += len({fact.key for fact in old ^ facts})
        counted["rebuilt"] += len(rebuilt)
    assert dimension == rebuild(facts, attributes)
    record_property("rebuilt of touched", f"{counted['rebuilt']} of {counted['touched']}")
    assert 0 < counted["rebuilt"] < 0.5 * counted["touched"], counted
