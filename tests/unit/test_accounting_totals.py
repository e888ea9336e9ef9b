"""What the engine adds up of the books is what Python adds up, and nothing asks for each of a stream's batches."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from lakehouse.care.status import status_of
from lakehouse.ops import accounting
from lakehouse.ops.accounting import CSV, DONE, EVENTS, HELD, PREPARED, TABLE, Accounting, Total
from lakehouse.ops.tables import append
from lakehouse.runtime.lake import Lake
from lakehouse.silver.pending import is_pending

TOPICS = ("sales-events", "returns", "o'clock")


def batch(number: int, chance: random.Random) -> Accounting:
    kind, status = chance.choice((CSV, EVENTS)), chance.choice((PREPARED, HELD, DONE, DONE, DONE))
    of_events = {"topic": chance.choice(TOPICS), "offsets": f"0:{number}-{number}"} if kind == EVENTS else {}
    moment = datetime(2024, 5, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(10**6))
    inserted, quarantined = chance.randrange(1000), chance.randrange(10)
    return Accounting(
        batch_id=f"{number:024}",
        kind=kind,
        source="superstore",
        landing_id=f"{number}" if kind == CSV else None,
        **of_events,
        generation=0,
        rule_fingerprint="none",
        rows_in=inserted + quarantined,
        silver_version=number,
        classes={"inserted": inserted, "quarantined": quarantined},
        status=status,
        done_at=moment if status == DONE else None,
    )


@pytest.fixture
def batches(lake: Lake) -> list[Accounting]:
    chance = random.Random(6)
    made = [batch(number, chance) for number in range(300)]
    append(lake, TABLE, [one.row() for one in made])
    return made


def test_the_totals_of_topics_are_the_sums_of_their_batches(lake: Lake, batches: list[Accounting]) -> None:
    expected = {}
    for topic in TOPICS:
        done = [one for one in batches if one.topic == topic and one.status == DONE]
        expected[topic] = Total(
            rows_in=sum(one.rows_in for one in done),
            quarantined=sum(one.classes["quarantined"] for one in done),
            done_at=max(one.done_at for one in done if one.done_at),
        )
    assert accounting.totals(lake, kind=EVENTS, status=DONE) == expected
    assert accounting.totals(lake, kind=EVENTS, status=DONE, topic="o'clock") == {"o'clock": expected["o'clock"]}
    assert accounting.totals(lake, kind=EVENTS, topic="another") == {}


@pytest.mark.usefixtures("batches")
def test_neither_status_nor_a_run_of_files_reads_what_a_stream_has_done(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = accounting.read

    def closed_to_events(lake: Lake, **equal: str) -> list[Accounting]:
        found = read(lake, **equal)
        assert [one for one in found if one.kind == EVENTS and one.status == DONE] == []
        return found

    monkeypatch.setattr(accounting, "read", closed_to_events)
    assert "a batch was interrupted: any lakehouse run completes it" in status_of(lake)["warnings"]
    assert is_pending(lake, "superstore")
