"""The scenario folders of history: what a person wrote down, read for whoever is put to the test with it.

In flow tests/scenarios/history/<scenario>/; out flow the facts as they stand after each batch, and what is
expected. A folder has README.md, `1_facts.csv`, `2_facts.csv` … and `expect.csv` (after all batches), may
have `expect_<n>.csv` (after batch n) and `attributes.csv`. An empty field is NULL. Without
`attributes.csv`, name and segment are tracked, NULL being a value. Without a column source_system, all keys
are of source "s". The lines of a batch take effect in order: `observe` and `end` add a fact, `withdraw`
takes the observation of that key, time and rank away, or, without rank, the end.
"""

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.oracle.history import Attribute, End, Fact, Observation, Version, surrogate_key

FOLDER = Path(__file__).parent.parent / "scenarios" / "history"
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`states[n]` are the facts after batch n, `expected[n]` the rows wanted then, where someone wrote them
    down.
    """

    name: str
    attributes: list[Attribute]
    states: list[set[Fact]]
    expected: dict[int, list[Row]]


def scenarios() -> list[Scenario]:
    return [scenario(folder) for folder in sorted(FOLDER.iterdir()) if folder.is_dir()]


def scenario(folder: Path) -> Scenario:
    attributes = attributes_of(folder)
    batches = sorted(folder.glob("*_facts.csv"), key=lambda file: int(file.name.split("_")[0]))
    states: list[set[Fact]] = [set()]
    for file in batches:
        facts = set(states[-1])
        for line in read(file):
            apply(line, facts, attributes)
        states.append(facts)
    files = {number: folder / f"expect_{number}.csv" for number in range(1, len(batches))}
    files[len(batches)] = folder / "expect.csv"
    expected = {
        number: in_order([expected_row(line, attributes) for line in read(file)])
        for number, file in files.items()
        if file.exists() or file.name == "expect.csv"
    }
    return Scenario(name=folder.name, attributes=attributes, states=states, expected=expected)


def read(file: Path) -> list[Row]:
    with file.open(newline="", encoding="utf-8") as opened:
        lines = csv.DictReader(opened, strict=True)
        return [{name: value or None for name, value in line.items()} for line in lines]


def attributes_of(folder: Path) -> list[Attribute]:
    file = folder / "attributes.csv"
    if not file.exists():
        return [Attribute(name="name"), Attribute(name="segment")]
    truth = {"true": True, "false": False}
    return [
        Attribute(name=line["name"], tracked=truth[line["tracked"]], null_is=line["null_is"]) for line in read(file)
    ]


def key_of(line: Row) -> tuple[str, str]:
    return (line.get("source_system") or "s", line["key"])


def apply(line: Row, facts: set[Fact], attributes: list[Attribute]) -> None:
    """One line of a batch. Raises ValueError where it takes away, or contradicts, what is not as it says."""
    key, at, rank = key_of(line), datetime.fromisoformat(line["at"]), line["rank"]
    there = {fact for fact in facts if (fact.key, fact.at, getattr(fact, "rank", None)) == (key, at, rank)}
    match line["op"]:
        case "observe":
            named = {attribute.name: line[attribute.name] for attribute in attributes}
            new: Fact = Observation(key=key, at=at, rank=rank, attributes=named)
            if there - {new}:
                raise ValueError(f"contradicts an observation of the same key, time and rank: {line}")
            facts.add(new)
        case "end":
            facts.add(End(key=key, at=at))
        case "withdraw" if there:
            facts -= there
        case _:
            raise ValueError(f"no such operation, or nothing to withdraw: {line}")


def expected_row(line: Row, attributes: list[Attribute]) -> Row:
    names_of_times = ("valid_from", "valid_to", "first_observed_at")
    times = {name: datetime.fromisoformat(line[name]) for name in names_of_times}
    named = {attribute.name: line[attribute.name] for attribute in attributes}
    is_current = {"true": True, "false": False}[line["is_current"]]
    written = {"surrogate_key": int(line["surrogate_key"])} if "surrogate_key" in line else {}
    return {"key": key_of(line), **times, **named, "is_current": is_current, **written}


def row(version: Version, *, with_surrogate_key: bool) -> Row:
    """A version as an expected row is written."""
    written = {"surrogate_key": surrogate_key(*version.key, version.valid_from)} if with_surrogate_key else {}
    times = {name: getattr(version, name) for name in ("valid_from", "valid_to", "first_observed_at")}
    return {"key": version.key, **times, **version.attributes, "is_current": version.is_current, **written}


def in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda one: (one["key"], one["valid_from"]))
