"""The oracle of a producer says what is in the topic, and what may be, whenever the process was killed."""

import base64
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import UsageError
from lakehouse.streams.oracle import PENDING, Oracle, opened
from lakehouse.streams.producer import Pace, produced
from lakehouse.streams.transactions import Outcome, Place, Placed
from tests.unit.links import FakeLink, messages


def placed(first: int, count: int = 5) -> list[Placed]:
    return [
        Placed(message=message, partition=1, offset=first + n, timestamp_ms=1_000)
        for n, message in enumerate(messages(count))
    ]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def outcomes(path: Path) -> list[tuple[int, str]]:
    return [(line["offset"], line["outcome"]) for line in lines(path)]


def raising() -> None:
    raise RuntimeError("gone")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "oracle.jsonl"


def test_a_line_tells_where_a_message_is_what_it_holds_and_how_it_ended(path: Path) -> None:
    with Oracle(path, "sales") as oracle:
        oracle.settle(placed(3), "committed")
    first, *_, last = lines(path)
    value = first.pop("value_base64")
    assert base64.b64decode(value) == messages(1)[0].value
    assert first == {
        "topic": "sales", "partition": 1, "offset": 3, "timestamp_ms": 1_000, "key": "0", "kind": "new",
        "outcome": "committed",
    }  # fmt: skip
    assert (last["key"], last["value"], last["offset"]) == ("4", None, 7)


def test_only_committed_messages_are_told(path: Path) -> None:
    link, spoiled = FakeLink(), iter([False, True, False])
    with opened(path, "sales") as oracle:
        ends = produced(
            link, "sales", iter(messages(9)), pace=Pace(size=3, period=0.0), patience=5.0, stop=threading.Event(),
            oracle=oracle, spoiled=lambda: next(spoiled),
        )  # fmt: skip
        assert len(list(ends)) == 3
    assert outcomes(path) == [(n, "committed") for n in (0, 1, 2, 6, 7, 8)]


def test_a_commit_that_nobody_knows_of_is_told_as_unknown(path: Path) -> None:
    with opened(path, "sales") as oracle:
        ends = produced(
            FakeLink(on_commit=raising), "sales", iter(messages(3)), pace=Pace(size=3, period=0.0), patience=5.0,
            stop=threading.Event(), oracle=oracle,
        )  # fmt: skip
        assert [end.outcome for end in ends] == ["unknown"]
    assert outcomes(path) == [(0, "unknown"), (1, "unknown"), (2, "unknown")]
    assert not path.with_name(path.name + PENDING).exists()


def test_what_was_sent_but_not_committed_is_not_told(path: Path) -> None:
    link = FakeLink(on_flush=raising)
    with opened(path, "sales") as oracle, pytest.raises(RuntimeError):
        list(
            produced(
                link, "sales", iter(messages(3)), pace=Pace(size=3, period=0.0), patience=5.0, stop=threading.Event(),
                oracle=oracle,
            )
        )  # fmt: skip
    assert lines(path) == []


def killed(path: Path, *, settled: bool = False, cut: int = 0) -> None:
    """What a producer leaves that was killed while it committed five messages, perhaps after it told some of them."""
    with Oracle(path, "sales") as oracle:
        oracle.settle(placed(0), "committed")
        oracle.prepare(placed(5))
        pending = path.with_name(path.name + PENDING).read_bytes()
        if settled:
            oracle.settle(placed(5), "committed")
    path.with_name(path.name + PENDING).write_bytes(pending)
    if cut:
        path.write_bytes(path.read_bytes()[:-cut])


def nobody(_: object) -> Outcome:
    raise AssertionError("a broker was asked")


@pytest.mark.parametrize("outcome", ["committed", "aborted", "unknown"])
def test_what_a_producer_was_committing_when_it_was_killed_is_asked_for_by_the_next_one(
    path: Path, outcome: Outcome
) -> None:
    killed(path)
    asked: list[Place] = []
    with Oracle(path, "sales") as again:
        assert again.recover(lambda places: (asked.extend(places), outcome)[1]) == (5, outcome)
        again.settle(placed(10, 1), "committed")
    assert sorted(asked) == [("sales", 1, n) for n in range(5, 10)]
    told = [*((n, "committed") for n in range(5)), *((n, outcome) for n in range(5, 10)), (10, "committed")]
    assert outcomes(path) == told


def test_where_nobody_could_be_asked_it_is_left_to_the_next_one(path: Path) -> None:
    killed(path)
    with Oracle(path, "sales"):
        pass  # no broker was there
    with Oracle(path, "sales") as again:
        assert again.recover(lambda _: "aborted") == (5, "aborted")


def test_a_producer_killed_after_it_has_told_so_leaves_nothing_to_add(path: Path) -> None:
    killed(path, settled=True)
    with Oracle(path, "sales") as again:
        assert again.recover(nobody) is None
        assert again.recover(nobody) is None
    assert outcomes(path) == [(n, "committed") for n in range(10)]


@pytest.mark.parametrize("cut", [1, 50, 300, 700])
def test_a_producer_killed_within_a_line_leaves_none_that_is_half(path: Path, cut: int) -> None:
    killed(path, settled=True, cut=cut)
    with Oracle(path, "sales") as again:
        found = again.recover(lambda _: "committed" if cut == 700 else nobody(_))  # else others of it are told
    assert found is not None
    assert found[1] == "committed"
    assert outcomes(path) == [(n, "committed") for n in range(10)]


def test_a_file_of_someone_else_is_left_as_it_is(path: Path) -> None:
    path.write_text("notes\nwithout an end", encoding="utf-8")
    with pytest.raises(UsageError, match="is not what a producer wrote"), opened(path, "sales"):
        pass
    assert path.read_text(encoding="utf-8") == "notes\nwithout an end"


def test_of_two_producers_with_one_file_the_second_is_refused(path: Path) -> None:
    with (
        opened(path, "sales"),
        pytest.raises(UsageError, match=r"another producer writes to .*: name another file with --oracle"),
        opened(path, "sales"),
    ):
        pass


def test_what_was_found_out_of_a_commit_is_told_and_it_is_the_last(path: Path) -> None:
    asked: list[Place] = []
    with opened(path, "sales") as oracle:
        ends = produced(
            FakeLink(on_commit=raising), "sales", iter(messages(6)), pace=Pace(size=3, period=0.0), patience=5.0,
            stop=threading.Event(), oracle=oracle, ask=lambda places: (asked.extend(places), "aborted")[1],
        )  # fmt: skip
        assert [(end.outcome, end.confirmed) for end in ends] == [("aborted", False)]
    assert sorted(asked) == [("sales", 0, n) for n in range(3)]
    assert outcomes(path) == [(n, "aborted") for n in range(3)]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match=r"No such file or directory\): name another file with --oracle"),
        opened(tmp_path / "no" / "folder" / "o.jsonl", "sales"),
    ):
        pass
