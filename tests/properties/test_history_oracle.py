"""The laws of history hold for the oracle, in 11,500 random histories.

The law that matters most: a dimension built in steps, with only the disturbed keys rebuilt, equals the one
built from nothing, in every order and batching. test_history_disturbed.py goes where random histories
seldom come.
"""

import itertools
from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle.history import (
    BEGINNING,
    OPEN_END,
    End,
    Observation,
    Version,
    point,
    rebuild,
    split,
    surrogate_key,
    versions,
)
from tests.oracle.history_steps import step
from tests.oracle.history_strategies import BATCHES, FACTS, PROFILES, day, observation, profile, states

PROFILE = st.sampled_from(PROFILES)


def examples(number: int) -> settings:
    return settings(max_examples=number, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@examples(5000)
@given(PROFILE, BATCHES)
def test_built_in_steps_equals_built_from_nothing(attributes, batches):
    dimension: list[Version] = []
    for old, new in itertools.pairwise(states(batches, attributes)):
        dimension, _ = step(dimension, old, new, attributes)
        assert dimension == rebuild(new, attributes)


@examples(1500)
@given(PROFILE, BATCHES, st.randoms(use_true_random=False))
def test_neither_the_order_nor_the_size_of_batches_matters(attributes, batches, shuffled):
    facts = list(states(batches, attributes)[-1])
    shuffled.shuffle(facts)
    dimension, seen = [], set()
    while facts:
        taken = shuffled.randint(1, len(facts))
        arrived, facts = set(facts[:taken]), facts[taken:]
        dimension, _ = step(dimension, seen, seen | arrived, attributes)
        seen |= arrived
        again, rebuilt = step(dimension, seen, seen | arrived, attributes)
        assert (again, rebuilt) == (dimension, set()), "a redelivery changes nothing and costs nothing"
    assert dimension == rebuild(seen, attributes)


@examples(1500)
@given(PROFILE, FACTS, st.randoms(use_true_random=False))
def test_order_and_repetition_of_facts_do_not_matter(attributes, changes, shuffled):
    facts = list(states([changes], attributes)[-1])
    repeated = facts + shuffled.choices(facts, k=len(facts)) if facts else []
    shuffled.shuffle(repeated)
    assert rebuild(repeated, attributes) == rebuild(facts, attributes)


@examples(2500)
@given(PROFILE, FACTS)
def test_versions_are_true_intervals(attributes, changes):
    facts = states([changes], attributes)[-1]
    observations, ends = split(facts)
    dimension = rebuild(facts, attributes)
    assert {v.key for v in dimension} == {o.key for o in observations}
    for key in {v.key for v in dimension}:
        of_key = [v for v in dimension if v.key == key]
        the_laws_of_one_key(of_key, [o for o in observations if o.key == key], {e.at for e in ends if e.key == key})
        for left, right in itertools.pairwise(of_key):
            if left.valid_to == right.valid_from:
                assert any(left.attributes[a.name] != right.attributes[a.name] for a in attributes if a.tracked)
    for fact in observations:
        point(fact, dimension)  # exactly one version covers it, else this raises
    assert len({surrogate_key("s", v.key, v.valid_from) for v in dimension}) == len(dimension)


def the_laws_of_one_key(of_key: list[Version], seen: list[Observation], ended: set[datetime]) -> None:
    times = {o.at for o in seen}
    effective_ends = ended - times
    for version in of_key:
        assert version.valid_from < version.valid_to
        assert version.first_observed_at == min(at for at in times if version.covers(at))
        assert version.valid_from in (version.first_observed_at, BEGINNING)
        assert not any(version.covers(at) for at in effective_ends)
    for left, right in itertools.pairwise(of_key):
        assert left.valid_to <= right.valid_from, "no overlap"
        assert left.valid_to == right.valid_from or left.valid_to in effective_ends, "no gap but after an end"
    assert (of_key[0].valid_from == BEGINNING) == (min(times | ended) in times)
    assert [v for v in of_key if v.is_current] == [v for v in of_key[-1:] if v.valid_to == OPEN_END]
    assert of_key[-1].is_current == (not any(end > max(times) for end in ended)), "live until an end"


@examples(1000)
@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from("abc")), unique_by=lambda seen: seen[0]))
def test_without_ties_and_unknowns_a_fact_points_at_what_was_seen_last(seen):
    attributes = profile(t="tracked value")
    observations = [observation("k", on, "p", (value,), attributes) for on, value in seen]
    dimension = versions(observations, [], attributes)
    for on in range(1, 10) if seen else []:
        said = max((pair for pair in seen if pair[0] <= on), default=min(seen))[1]
        asked = End(key="k", at=day(on))
        assert point(asked, dimension).attributes == {"t": said}
