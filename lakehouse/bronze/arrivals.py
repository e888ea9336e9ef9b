"""Which files a call means, and as of when each of them speaks.

In: paths, folders and globs of a command line. Out: files in a fixed order, each with its as-of. Guaranteed:
what cannot be found or comes from the future is refused before anything lands.
"""

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from glob import glob
from pathlib import Path
from stat import S_ISREG

from lakehouse.contract.model import Source
from lakehouse.errors import UsageError

CSV_ENDINGS = (".csv", ".csv.gz")
CLOCK_SKEW = timedelta(minutes=5)
"""How far an as-of may lie after the moment of landing."""

OPTION, FILE_NAME, MODIFICATION_TIME = "option", "file name", "modification time"


def files_of(paths: Sequence[str]) -> list[Path]:
    """The files meant: a file as it is, a folder with its CSV files at any depth, a glob with its matches.

    Raises:
        UsageError: a path is not there or cannot be read, or a folder or glob holds no file.
    """
    found: list[Path] = []
    for given in paths:
        try:
            files = _files_at(given)
        except OSError as error:
            raise UsageError(f"{error.filename or given} cannot be read ({error.strerror}): check the path") from error
        if not files:
            what = "holds no .csv or .csv.gz file" if Path(given).is_dir() else "is not there"
            raise UsageError(f"{given or 'an empty path'} {what}: check the path")
        found += files
    return list(dict.fromkeys(found))


def _files_at(given: str) -> list[Path]:
    """What a path, or a glob where there is no such path, means; [] where it means nothing."""
    if not given.strip():
        return []
    path = Path(given)
    if not path.exists() and given.startswith("~"):
        path = Path(os.path.expanduser(given))  # noqa: PTH111 - it leaves an unknown user's name as it is
    if path.exists():
        return _files_below(path) if path.is_dir() else [path]
    # Path.glob takes no absolute pattern.
    matches = [Path(match) for match in sorted(glob(str(path), recursive=True))]  # noqa: PTH207
    return [file for match in matches for file in (_files_below(match) if match.is_dir() else [match])]


def _files_below(folder: Path) -> list[Path]:
    """The CSV files of a folder at any depth, each folder once, whatever links lead to it.

    Raises:
        OSError: a folder, or what a link means, cannot be read: nothing is left out in silence.
    """
    found, seen, todo = [], set[Path](), [folder]
    while todo:
        here = todo.pop()
        if here.resolve() in seen:
            continue
        seen.add(here.resolve())
        for entry in sorted(here.iterdir()):
            if entry.is_dir():
                todo.append(entry)
            elif entry.name.lower().endswith(CSV_ENDINGS) and S_ISREG(entry.stat().st_mode):
                found.append(entry)
    return sorted(found)


def name_of(path: Path) -> str:
    """A file's name as text; bytes that are no UTF-8 stand as U+FFFD."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def as_of_of(path: Path, source: Source, given: datetime | None, now: datetime) -> tuple[datetime, str]:
    """The moment of extraction (UTC) and where it came from: the option, the file's name, or its modification time.

    Raises:
        UsageError: it lies more than five minutes after now, or the file's name holds no date where it should.
    """
    as_of, came_from = _told(path, source, given)
    if as_of > now + CLOCK_SKEW:
        with_it = "" if came_from == OPTION else " with --as-of"
        raise UsageError(
            f"{path.name} would speak as of {as_of:%Y-%m-%d %H:%M:%S} UTC ({came_from}), which lies in the future: "
            f"give the moment of its extraction{with_it}"
        )
    return as_of, came_from


def _told(path: Path, source: Source, given: datetime | None) -> tuple[datetime, str]:
    if given is not None:
        return given, OPTION
    if source.as_of_pattern is not None and source.as_of_format is not None:
        named = re.search(source.as_of_pattern, path.name)
        if named:
            try:
                moment = datetime.strptime(named[1], source.as_of_format)  # noqa: DTZ007 - without a zone it is UTC
            except ValueError as error:
                raise UsageError(
                    f"{path.name} should tell its as-of, but {named[1]!r} is no moment of the form "
                    f"{source.as_of_format}: rename it, or give --as-of"
                ) from error
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), FILE_NAME
    nanoseconds = path.stat().st_mtime_ns
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000), MODIFICATION_TIME


def parse_as_of(text: str, option: str = "--as-of") -> datetime:
    """An ISO 8601 moment such as 2024-03-01T06:00:00Z; without a zone it is UTC.

    Raises:
        UsageError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option} {text!r} is no ISO 8601 moment such as 2024-03-01T06:00:00Z") from error
