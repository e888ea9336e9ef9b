"""Files that change while they land, and interrupted landings: the ledger tells of the bytes that are kept."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.bronze import landing as landing_module
from lakehouse.bronze import ledger
from lakehouse.bronze.landing import land
from lakehouse.care.verify import findings
from lakehouse.errors import JobError
from lakehouse.quality.findings import Finding
from lakehouse.runtime.lake import Lake
from lakehouse.runtime.local_store import LocalStore
from tests.kills import ended

FIRST, SECOND, THIRD = (datetime(2024, 6, day, tzinfo=UTC) for day in (1, 2, 3))


@pytest.fixture
def daily(file: Path) -> Path:
    """A file whose name tells no as-of."""
    return file.rename(file.with_name("daily.csv"))


def broken_promises(lake: Lake) -> list[Finding]:
    def no_spark() -> None:
        raise AssertionError("Spark was started")

    return [one for one in findings(no_spark, lake, rebuild=False) if not one.ok]


def test_a_file_that_changes_while_it_is_inspected_does_not_land(
    lake: Lake, daily: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the ledger would have the header of one delivery and the bytes of another."""
    source = lake.source("superstore")
    land(lake, source, [daily], as_of=FIRST)
    first, *rest = daily.read_text().splitlines(keepends=True)
    inspect = landing_module.inspect_file

    def overwritten(path: Path, **told: object) -> object:
        daily.write_text("".join([first, *reversed(rest)]))
        return inspect(path, **told)

    with monkeypatch.context() as patched:
        patched.setattr(landing_module, "inspect_file", overwritten)
        with pytest.raises(JobError, match=r"daily\.csv changed while it was read"):
            land(lake, source, [daily], as_of=SECOND)
    assert [one.as_of for one in ledger.read(lake)] == [FIRST]


def test_a_file_that_changes_before_it_is_kept_is_abandoned_and_lands_anew(
    lake: Lake, daily: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, put = lake.source("superstore"), LocalStore.put_once

    def overwritten(store: LocalStore, path: Path, location: str, sha256: str) -> bool:
        daily.write_text(daily.read_text().replace("Consumer", "Corporate"))
        return put(store, path, location, sha256)

    with monkeypatch.context() as patched:
        patched.setattr(LocalStore, "put_once", overwritten)
        with pytest.raises(JobError, match=r"daily\.csv changed while it was read"):
            land(lake, source, [daily], as_of=SECOND)
    assert [one.status for one in ledger.read(lake)] == ["abandoned"]
    assert [outcome.what for outcome in land(lake, source, [daily], as_of=THIRD)] == ["landed"]
    assert broken_promises(lake) == []


def test_an_object_with_other_bytes_is_not_taken_for_the_file_that_lands(lake: Lake, daily: Path) -> None:
    """Else the ledger would say that bytes are kept which are not there."""
    source = lake.source("superstore")
    (outcome,) = land(lake, source, [daily], as_of=FIRST)
    there = Path(lake.object(outcome.landing.path))
    there.write_bytes(b"something else")
    with pytest.raises(JobError, match=r"daily\.csv cannot be kept: .* is there already and has other bytes"):
        land(lake, source, [daily], as_of=SECOND)
    there.unlink()
    assert [outcome.what for outcome in land(lake, source, [daily], as_of=SECOND)] == ["landed"]
    assert broken_promises(lake) == []


def test_an_interrupted_landing_gives_way_to_a_later_one_of_the_same_bytes(lake: Lake, daily: Path) -> None:
    home, asked = Path(lake.root), ("land", "--source", "superstore", str(daily))
    assert ended(home, *asked, LAKEHOUSE_KILL_AT="ledger-landing").returncode != 0
    os.utime(daily, (FIRST.timestamp(), FIRST.timestamp()))  # another as-of: another landing
    assert ended(home, *asked).returncode == 0
    assert sorted(one.status for one in ledger.read(lake)) == ["abandoned", "landed"]
    assert broken_promises(lake) == []
