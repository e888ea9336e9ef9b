"""Which files a call means, whatever their names are and wherever links lead; and files that change while they land."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.bronze import landing as landing_module
from lakehouse.bronze import ledger
from lakehouse.bronze.arrivals import files_of, parse_as_of
from lakehouse.bronze.landing import land
from lakehouse.ops.verify import _landings_complete, _raw_kept
from lakehouse.runtime.errors import JobError, UsageError
from lakehouse.runtime.lake import Lake, open_lake
from lakehouse.sample import write_sample
from tests.kills import ended

FIRST, SECOND, THIRD = (datetime(2024, 6, day, tzinfo=UTC) for day in (1, 2, 3))


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path / "home"))
    return open_lake("local")


@pytest.fixture
def daily(tmp_path: Path) -> Path:
    made = write_sample(tmp_path / "made", rows=200, days=1)[0].path
    return made.rename(tmp_path / "daily.csv")


def tree(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("a")
    return folder


def names_of(*paths: object) -> list[str]:
    return [path.name for path in files_of([str(path) for path in paths])]


def test_folders_are_searched_at_any_depth_through_links_and_once(tmp_path: Path) -> None:
    elsewhere = tree(tmp_path / "elsewhere", "c.CSV", "deep/d.csv.gz", "notes.txt")
    folder = tree(tmp_path / "days", "a.csv", "sub/b.csv")
    (folder / "link").symlink_to(elsewhere)
    (folder / "sub" / "round").symlink_to(folder)
    assert sorted(names_of(folder)) == ["a.csv", "b.csv", "c.CSV", "d.csv.gz"]
    assert sorted(names_of(f"{tmp_path}/d*")) == ["a.csv", "b.csv", "c.CSV", "d.csv.gz"]


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    folder = tree(tmp_path / "days", "a.csv")
    (folder / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    with pytest.raises(UsageError, match=r"gone\.csv cannot be read \(No such file or directory\): check the path"):
        files_of([str(folder)])


def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a user without the right; these tests may run as one who has every right."""
    folder = tree(tmp_path / "days", "a.csv", "locked/b.csv")
    listed: Callable[[Path], object] = Path.iterdir

    def iterdir(self: Path) -> object:
        if self.name == "locked":
            raise PermissionError(13, "Permission denied", str(self))
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    with pytest.raises(UsageError, match=r"locked cannot be read \(Permission denied\)"):
        files_of([str(folder)])


@pytest.mark.parametrize("given", ["", "  ", "~nobody-of-this-name/x.csv", "a" * 300 + ".csv", "nowhere.csv"])
def test_a_path_that_means_nothing_is_refused(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree(tmp_path / "here", "a.csv"))
    with pytest.raises(UsageError, match="check the path"):
        files_of([given])


def test_a_tilde_may_begin_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree(tmp_path / "here", "~$sales.csv"))
    assert names_of("~$sales.csv") == ["~$sales.csv"]


@pytest.mark.parametrize("given", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00"])
def test_a_moment_out_of_the_calendar_is_none(given: str) -> None:
    with pytest.raises(UsageError, match="is no ISO 8601 moment"):
        parse_as_of(given)


@pytest.mark.parametrize("name", ["漢" * 80 + ".csv", "a[red]b.csv", "line\nbreak.csv", os.fsdecode(b"bad\xff.csv")])
def test_a_file_of_any_name_lands(name: str, lake: Lake, daily: Path) -> None:
    told = ended(Path(lake.root), "land", "--source", "superstore", str(daily.rename(daily.with_name(name))))
    assert (told.returncode, told.stderr.count("error")) == (0, 0), told.stderr
    (one,) = ledger.read(lake)
    assert one.status == "landed"
    assert Path(lake.object(one.path)).stat().st_size == one.size


def test_names_in_a_file_are_no_markup_and_no_commands_to_the_terminal(lake: Lake, daily: Path) -> None:
    lines = daily.read_text().splitlines()
    daily.write_text(
        "\n".join(f"{line},{extra}" for line, extra in zip(lines, ["[/x]\x1b[31m", *"1" * 200], strict=True))
    )
    told = ended(Path(lake.root), "land", "--source", "superstore", str(daily))
    assert told.returncode == 0, told.stderr
    assert "[/x]\\x1b[31m" in told.stdout
    assert "\x1b" not in told.stdout


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
    source, put = lake.source("superstore"), landing_module.put_once

    def overwritten(path: Path, location: str, sha256: str) -> bool:
        daily.write_text(daily.read_text().replace("Consumer", "Corporate"))
        return put(path, location, sha256)

    with monkeypatch.context() as patched:
        patched.setattr(landing_module, "put_once", overwritten)
        with pytest.raises(JobError, match=r"daily\.csv changed while it was read"):
            land(lake, source, [daily], as_of=SECOND)
    assert [one.status for one in ledger.read(lake)] == ["abandoned"]
    assert [outcome.what for outcome in land(lake, source, [daily], as_of=THIRD)] == ["landed"]
    assert _landings_complete(ledger.read(lake)).ok
    assert _raw_kept(lake, ledger.read(lake)).ok


def test_an_interrupted_landing_gives_way_to_a_later_one_of_the_same_bytes(lake: Lake, daily: Path) -> None:
    home, asked = Path(lake.root), ("land", "--source", "superstore", str(daily))
    assert ended(home, *asked, LAKEHOUSE_KILL_AT="ledger-landing").returncode != 0
    os.utime(daily, (FIRST.timestamp(), FIRST.timestamp()))  # another as-of: another landing
    assert ended(home, *asked).returncode == 0
    assert sorted(one.status for one in ledger.read(lake)) == ["abandoned", "landed"]
    assert _landings_complete(ledger.read(lake)).ok
