"""Each scenario folder of history ends as its author wrote it down, in steps and in one go: here, for the
oracle.
"""

import csv
import itertools
from datetime import datetime

import pytest

from tests.oracle.history import Attribute, End, Observation, Version, hash_fields, rebuild
from tests.oracle.history_scenarios import FOLDER, Row, Scenario, in_order, row, scenario, scenarios
from tests.oracle.history_steps import step

EVERY_SCENARIO = pytest.mark.parametrize("told", scenarios(), ids=lambda told: told.name)


def rows(dimension: list[Version], expected: list[Row]) -> list[Row]:
    keyed = any("surrogate_key" in one for one in expected)
    return in_order([row(version, with_surrogate_key=keyed) for version in dimension])


@EVERY_SCENARIO
def test_in_steps_each_batch_ends_as_written(told: Scenario):
    dimension: list[Version] = []
    for number, (old, new) in enumerate(itertools.pairwise(told.states), start=1):
        dimension, _ = step(dimension, old, new, told.attributes)
        assert dimension == rebuild(new, told.attributes)
        if number in told.expected:
            assert rows(dimension, told.expected[number]) == told.expected[number]


@EVERY_SCENARIO
def test_in_one_go_the_end_is_as_written(told: Scenario):
    last = len(told.states) - 1
    dimension = rebuild(told.states[last], told.attributes)
    assert rows(dimension, told.expected[last]) == told.expected[last]


@EVERY_SCENARIO
def test_each_state_is_reached_in_one_step_from_each_other_one(told: Scenario):
    for old, new in itertools.permutations(told.states, 2):
        after, _ = step(rebuild(old, told.attributes), old, new, told.attributes)
        assert after == rebuild(new, told.attributes)


def test_an_undisturbed_key_is_left_alone():
    told = scenario(FOLDER / "undisturbed_beside_disturbed")
    before = rebuild(told.states[1], told.attributes)
    _, rebuilt = step(before, told.states[1], told.states[2], told.attributes)
    assert rebuilt == {("s", "l"), ("s", "m")}


NOTHING_NEW = ["empty_batch", "late_event_inside_unchanged_run", "redelivery_in_a_later_batch"]


@pytest.mark.parametrize("name", NOTHING_NEW)
def test_a_batch_that_says_nothing_new_rebuilds_nothing(name):
    told = scenario(FOLDER / name)
    old, new = told.states[-2:]
    assert step(rebuild(old, told.attributes), old, new, told.attributes)[1] == set()


@EVERY_SCENARIO
def test_a_folder_says_in_one_line_what_it_shows_and_holds_only_what_is_read(told: Scenario):
    folder = FOLDER / told.name
    assert len((folder / "README.md").read_text(encoding="utf-8").splitlines()) == 1
    batches = {f"{number}_facts.csv" for number in range(1, len(told.states))}
    expectations = {f"expect_{number}.csv" for number in range(1, len(told.states))}
    optional = {"attributes.csv", *expectations}
    assert {file.name for file in folder.iterdir()} - optional == {"README.md", "expect.csv", *batches}
    for file in folder.glob("*.csv"):
        with file.open(newline="", encoding="utf-8") as opened:
            assert len({len(line) for line in csv.reader(opened)}) == 1, f"{file} is ragged"


NOON = datetime(2024, 1, 5, 12)


def test_two_statements_of_one_rank_at_one_time_are_refused():
    said = [Observation(key="k", at=NOON, rank="1", attributes={"name": name}) for name in ("Ann", "Bob")]
    with pytest.raises(ValueError, match="contradict"):
        rebuild(said, [Attribute(name="name")])


@pytest.mark.parametrize("at", [datetime(1899, 12, 31), datetime(9999, 12, 31)])
def test_times_that_no_version_can_cover_are_refused(at):
    with pytest.raises(ValueError, match="outside"):
        rebuild([End(key="k", at=at)], [])


def test_the_hash_tells_null_from_empty_and_counts_bytes():
    r"""Expected: printf 'N;0:;3:\xe2\x82\xac;' | sha256sum."""
    assert hash_fields([None, "", "€"]) == "d27fe816bc573aca6616f09c44c3164df997c0d5ea0666e7f6380ec1b491984b"
