"""The Spark core ends where the scenario folders say and where the plain-Python oracle ends: in one go and in steps.

All scenarios run in a few Spark jobs, each as an entity of its own.
"""

import itertools
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.gold import scd2, steady
from lakehouse.gold.keys import surrogate_key
from tests.oracle import history
from tests.oracle.history import Attribute, End, Fact, Observation, rebuild
from tests.oracle.history_scenarios import FOLDER, in_order, scenario, scenarios
from tests.oracle.history_steps import disturbed, step
from tests.oracle.history_strategies import PROFILES, changed, random_change

pytestmark = pytest.mark.spark

TIMES = ("valid_from", "valid_to", "first_observed_at")


@dataclass
class Story:
    """A sequence of states of facts, told under a namespace; keys are (source system, natural key)."""

    name: str
    states: list[set[Fact]]
    expected: dict[int, list[dict[str, Any]]] = field(default_factory=dict)


def in_place(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["entity"], row["source_system"], row["natural_key"], row["valid_from"]


class Sparked:
    """Stories of one list of attributes, told to the core all at once."""

    def __init__(self, spark: SparkSession, attributes: list[Attribute]) -> None:
        self.spark, self.names = spark, [a.name for a in attributes]
        self.attributes = [scd2.Attribute(name=a.name, tracked=a.tracked, null_is=a.null_is) for a in attributes]
        self.key = "entity string, source_system string, natural_key string"
        self.columns = ", ".join(f"{name} string" for name in self.names)

    def observations(self, facts: Iterable[tuple[str, Fact]]) -> DataFrame:
        rows = [
            (*spread(name, f.key), f.at, f.rank, *(f.attributes[a] for a in self.names))
            for name, f in facts
            if isinstance(f, Observation)
        ]
        return self.spark.createDataFrame(rows, f"{self.key}, at timestamp, rank string, {self.columns}")

    def ends(self, facts: Iterable[tuple[str, Fact]]) -> DataFrame:
        rows = [(*spread(name, f.key), f.at) for name, f in facts if isinstance(f, End)]
        return self.spark.createDataFrame(rows, f"{self.key}, at timestamp")

    def built(self, facts: Iterable[tuple[str, Fact]]) -> list[dict[str, Any]]:
        facts = list(facts)
        return self.rows(scd2.versions(self.observations(facts), self.ends(facts), self.attributes))

    def built_the_short_way(self, facts: Iterable[tuple[str, Fact]]) -> list[dict[str, Any]]:
        return self.rows(steady.versions(self.observations(facts), self.attributes, DataFrame.cache))

    def rows(self, versions: DataFrame) -> list[dict[str, Any]]:
        key = surrogate_key("source_system", "natural_key", "valid_from")
        told = [row.asDict() for row in versions.withColumn("surrogate_key", key).collect()]
        return sorted(told, key=in_place)

    def step(
        self, before: list[dict[str, Any]], old: list[tuple[str, Fact]], new: list[tuple[str, Fact]]
    ) -> tuple[list[dict[str, Any]], set[tuple[str, ...]]]:
        schema = (
            f"{self.key}, valid_from timestamp, valid_to timestamp, is_current boolean, "
            f"first_observed_at timestamp, {self.columns}, _uneven boolean"
        )
        there = [{k: v for k, v in row.items() if k != "surrogate_key"} for row in before]
        dimension = self.spark.createDataFrame([tuple(row.values()) for row in there], schema)
        before_, after = {named(f) for f in old}, {named(f) for f in new}
        came, went = [f for f in new if named(f) not in before_], [f for f in old if named(f) not in after]
        keys = scd2.disturbed(
            dimension, self.observations(came), self.observations(went), self.ends(came + went), self.attributes
        ).cache()
        rebuilt = scd2.versions(
            scd2.of_keys(self.observations(new), keys), scd2.of_keys(self.ends(new), keys), self.attributes
        )
        untouched = dimension.join(keys, list(scd2.KEY), "left_anti")
        dimension_after = self.rows(untouched.unionByName(rebuilt))
        had = {tuple(row[name] for name in scd2.KEY) for row in before}
        told = keys.collect()
        assert {tuple(key) for *key, known in told if known} == {tuple(key) for *key, _ in told} & had
        return dimension_after, {tuple(key) for *key, _ in told}


def named(told: tuple[str, Fact]) -> tuple[Any, ...]:
    name, fact = told
    if isinstance(fact, End):
        return (name, fact.key, fact.at)
    return (name, fact.key, fact.at, fact.rank, tuple(sorted(fact.attributes.items(), key=lambda kv: kv[0])))


def spread(name: str, key: Any) -> tuple[str, str, str]:
    """The key in a namespace, which is an entity of its own: sources and natural keys are the same in all of them."""
    return name, *(key if isinstance(key, tuple) else ("s", key))


def told(stories: list[Story], number: int) -> list[tuple[str, Fact]]:
    """What stands in all stories after step `number`, each ending with its last."""
    return [(s.name, fact) for s in stories for fact in s.states[min(number, len(s.states) - 1)]]


def oracle_rows(stories: list[Story], number: int, attributes: list[Attribute]) -> list[dict[str, Any]]:
    rows = []
    for story in stories:
        for version in rebuild(story.states[min(number, len(story.states) - 1)], attributes):
            entity, source, natural = spread(story.name, version.key)
            rows.append(
                {
                    "entity": entity,
                    "source_system": source,
                    "natural_key": natural,
                    **{name: getattr(version, name) for name in TIMES},
                    "is_current": version.is_current,
                    **version.attributes,
                    "_uneven": version.uneven,
                    "surrogate_key": history.surrogate_key(source, natural, version.valid_from),
                }
            )
    return sorted(rows, key=in_place)


def oracle_disturbed(stories: list[Story], number: int, attributes: list[Attribute]) -> set[tuple[str, ...]]:
    found = set()
    for story in stories:
        old, new = (story.states[min(n, len(story.states) - 1)] for n in (number - 1, number))
        came, went = new - old, old - new
        (arriving, ends_came), (withdrawn, ends_went) = history.split(came), history.split(went)
        keys = disturbed(rebuild(old, attributes), arriving, withdrawn, ends_came + ends_went, attributes)
        found |= {spread(story.name, key) for key in keys}
    return found


def by_profile() -> dict[str, tuple[list[Attribute], list[Story]]]:
    """The scenario folders by their attributes."""
    groups: dict[str, tuple[list[Attribute], list[Story]]] = {}
    for one in scenarios():
        group = groups.setdefault(repr(one.attributes), (one.attributes, []))
        group[1].append(Story(name=one.name, states=one.states, expected=one.expected))
    return groups


GROUPS = pytest.mark.parametrize("attributes, stories", by_profile().values(), ids=lambda p: str(len(p)))


@GROUPS
def test_every_scenario_ends_as_written_in_one_go_and_in_steps(spark, attributes, stories):
    core = Sparked(spark, attributes)
    after: list[dict[str, Any]] = []
    for number in range(1, max(len(s.states) for s in stories)):
        assert core.built(told(stories, number)) == oracle_rows(stories, number, attributes)
        after, rebuilt = core.step(after, told(stories, number - 1), told(stories, number))
        assert after == oracle_rows(stories, number, attributes)
        assert rebuilt == oracle_disturbed(stories, number, attributes)
        for story in stories:
            if number in story.expected:
                assert as_written(after, story) == story.expected[number]


def as_written(rows: list[dict[str, Any]], story: Story) -> list[dict[str, Any]]:
    """The rows of a story as its folder writes them."""
    keyed = any("surrogate_key" in row for rows in story.expected.values() for row in rows)
    mine = []
    for row in rows:
        if row["entity"] != story.name:
            continue
        dropped = {*scd2.KEY, "_uneven"} | (set() if keyed else {"surrogate_key"})
        mine.append(
            {"key": (row["source_system"], row["natural_key"]), **{k: v for k, v in row.items() if k not in dropped}}
        )
    return in_order(mine)


def test_an_undisturbed_key_is_left_alone(spark):
    one = scenario(FOLDER / "undisturbed_beside_disturbed")
    core = Sparked(spark, one.attributes)
    stories = [Story(name=one.name, states=one.states)]
    before = core.built(told(stories, 1))
    _, rebuilt = core.step(before, told(stories, 1), told(stories, 2))
    assert rebuilt == {(one.name, "s", key) for key in "lm"}


def test_six_facts_in_every_order_and_four_splits_end_the_same(spark):
    """R4: 720 orders x 4 ways to split into batches = 2,880 namespaces; with a repetition in every second one."""
    attributes = [Attribute(name="t"), Attribute(name="u", null_is="unknown")]
    facts = six_facts()
    stories = []
    for order, permutation in enumerate(itertools.permutations(facts)):
        for way, cuts in enumerate([(6,), (1, 2, 3, 4, 5, 6), (3, 6), (2, 5, 6)]):
            states: list[set[Fact]] = [set()]
            states += [set(permutation[:cut]) for cut in cuts]
            if (order + way) % 2:
                states.append(states[-1])
            stories.append(Story(name=f"{order}.{way}", states=states))
    core = Sparked(spark, attributes)
    after: list[dict[str, Any]] = []
    last = max(len(s.states) for s in stories) - 1
    for number in range(1, last + 1):
        after, _ = core.step(after, told(stories, number - 1), told(stories, number))
    one = oracle_rows([replace(stories[0], states=[set(facts)])], 0, attributes)
    for story in stories:
        assert bare(after, story.name) == bare(one, stories[0].name)


def bare(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    index = grouped(rows)
    return [{k: v for k, v in row.items() if k != "entity"} for row in index.get(name, [])]


_GROUPED: dict[int, dict[str, list[dict[str, Any]]]] = {}


def grouped(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    if id(rows) not in _GROUPED:
        index: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            index.setdefault(row["entity"], []).append(row)
        _GROUPED[id(rows)] = index
    return _GROUPED[id(rows)]


def six_facts() -> list[Fact]:
    from tests.oracle.history_strategies import day

    def seen(on: int, rank: str, t: str | None, u: str | None) -> Observation:
        return Observation(key=("s", "k"), at=day(on), rank=rank, attributes={"t": t, "u": u})

    return [
        seen(1, "p", "a", None),
        seen(2, "p", "a", "x"),
        seen(3, "p", "b", "x"),
        seen(3, "q", "a", None),
        End(key=("s", "k"), at=day(4)),
        seen(5, "p", "a", "y"),
    ]


@pytest.mark.parametrize("attributes", PROFILES, ids=lambda p: "-".join(f"{a.tracked}.{a.null_is}" for a in p))
def test_random_histories_in_steps_end_where_the_oracle_ends(spark, attributes):
    """R4: 300 namespaces a profile, with arrivals, withdrawals, corrections and ends that come and go."""
    dice = random.Random(repr(attributes))
    stories = []
    for number in range(300):
        facts: set[Fact] = set()
        states = [facts]
        for _ in range(2):
            for _ in range(dice.randint(0, 5)):
                facts = changed(facts, random_change(dice, 6, "pqr"), attributes)
            states.append(facts)
        stories.append(Story(name=str(number), states=states))
    core = Sparked(spark, attributes)
    after: list[dict[str, Any]] = []
    for number in (1, 2):
        after, rebuilt = core.step(after, told(stories, number - 1), told(stories, number))
        assert rebuilt == oracle_disturbed(stories, number, attributes)
        assert after == oracle_rows(stories, number, attributes)


@pytest.mark.parametrize("attributes", PROFILES, ids=lambda p: "-".join(f"{a.tracked}.{a.null_is}" for a in p))
def test_keys_that_never_changed_have_the_versions_of_the_core(spark, attributes):
    """400 namespaces a profile, most of few observations, so that many keys say one thing alone."""
    dice = random.Random(repr(attributes))
    stories = []
    for number in range(400):
        facts: set[Fact] = set()
        for _ in range(dice.randint(1, 5)):
            facts = changed(facts, random_change(dice, 4, "pq"), attributes)
        stories.append(Story(name=str(number), states=[{f for f in facts if isinstance(f, Observation)}]))
    core = Sparked(spark, attributes)
    wanted = oracle_rows(stories, 0, attributes)
    assert core.built_the_short_way(told(stories, 0)) == wanted
    keys = Counter(tuple(row[name] for name in scd2.KEY) for row in wanted)
    assert sum(n == 1 for n in keys.values()) > 20
    assert sum(n > 1 for n in keys.values()) > 20 or not any(a.tracked for a in attributes)


def test_the_steps_of_the_oracle_are_those_of_the_core():
    """The oracle's own steps equal its rebuild: what the tests above compare with stands on both."""
    for one in scenarios():
        versions: list[history.Version] = []
        for old, new in itertools.pairwise(one.states):
            versions, _ = step(versions, old, new, one.attributes)
            assert versions == rebuild(new, one.attributes)
