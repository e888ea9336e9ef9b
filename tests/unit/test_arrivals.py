"""Which files a call means, whatever their names are and wherever links lead."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.bronze import ledger
from lakehouse.bronze.arrivals import files_of, parse_as_of
from lakehouse.errors import UsageError
from lakehouse.runtime.lake import Lake
from tests.kills import ended


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
def test_a_file_of_any_name_lands(name: str, lake: Lake, file: Path) -> None:
    told = ended(Path(lake.root), "land", "--source", "superstore", str(file.rename(file.with_name(name))))
    assert (told.returncode, told.stderr.count("error")) == (0, 0), told.stderr
    (one,) = ledger.read(lake)
    assert one.status == "landed"
    assert Path(lake.object(one.path)).stat().st_size == one.size


def test_names_in_a_file_are_no_markup_and_no_commands_to_the_terminal(lake: Lake, file: Path) -> None:
    lines = file.read_text().splitlines()
    file.write_text(
        "\n".join(f"{line},{extra}" for line, extra in zip(lines, ["[/x]\x1b[31m", *"1" * 200], strict=True))
    )
    told = ended(Path(lake.root), "land", "--source", "superstore", str(file))
    assert told.returncode == 0, told.stderr
    assert "[/x]\\x1b[31m" in told.stdout
    assert "\x1b" not in told.stdout
