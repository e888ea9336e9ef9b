"""Jars: from the list of `conf/jars.yml` to verified files in a cache folder and a class path.

Flows in: the list (coordinate and sha256 of each jar). Flows out: paths of files whose bytes have exactly
those hashes. Guaranteed: a jar appears in the cache whole or not at all, also when several processes fill
it or one is killed; with a filled cache nothing is asked of the network, and jgo is not even imported.
"""

import errno
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lakehouse.conf import conf_folder, folder_named
from lakehouse.errors import JobError, LakehouseError, UsageError
from lakehouse.runtime.jar_list import ALL_GROUPS, LIST_FILE, OF_SPARK, Jar, listed

FETCH_PREFIX = ".fetching-"
ABANDONED_AFTER_SECONDS = 3600.0
ATTEMPTS = 3
RETRY_SECONDS = 0.3
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EFBIG}
TIMEOUT_SECONDS = 60


Fetch = Callable[[Jar, Path], Path]
Report = Callable[[str], None]


def jars(conf: Path | None = None, *, groups: Sequence[str] = OF_SPARK) -> tuple[Path, ...]:
    """The files of these groups, fetched where the cache lacks them; see `ensure_jars`."""
    return ensure_jars(listed(conf or conf_folder(), groups), cache_folder())


def class_path(conf: Path | None = None, *, groups: Sequence[str] = OF_SPARK) -> str:
    """What `spark.driver.extraClassPath` and `spark.executor.extraClassPath` are set to.

    Raises:
        UsageError: the cache folder's path holds the separator of class paths.
    """
    paths = [str(path) for path in jars(conf, groups=groups)]
    if any(os.pathsep in path for path in paths):
        raise UsageError(
            f"the jar folder {cache_folder()} has '{os.pathsep}' in its path, which no class path can hold: "
            "set LAKEHOUSE_JARS to another folder"
        )
    return os.pathsep.join(paths)


def cache_folder() -> Path:
    """`LAKEHOUSE_JARS`, else `~/.cache/lakehouse/jars`."""
    return folder_named("LAKEHOUSE_JARS") or Path.home() / ".cache" / "lakehouse" / "jars"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def fetch_exactly(jar: Jar, folder: Path) -> Path:
    """Download this one artifact, without its dependencies, into `folder`; not verified yet."""
    try:
        from jgo.maven import MavenContext  # heavy, and needed only where a jar is missing
    except ImportError as error:
        raise JobError(
            f"{jar.coordinate} is not in {cache_folder()} and jgo, which fetches it, is not installed: "
            "run `make setup` in a checkout, or copy a filled jar folder there"
        ) from error
    group, artifact, version = jar.coordinate.split(":")
    context = MavenContext(repo_cache=folder, local_repos=[], timeout=TIMEOUT_SECONDS)
    return context.project(group, artifact).at_version(version).artifact().resolve()


def ensure_jars(
    wanted: Iterable[Jar], cache: Path, *, fetch: Fetch = fetch_exactly, report: Report = _say
) -> tuple[Path, ...]:
    """The wanted jars as files in `cache`, each verified by its hash in this very call.

    Args:
        wanted: what must be there.
        cache: the folder; made where it is missing.
        fetch: downloads one jar somewhere below the folder it is given, and says where.
        report: takes one line for each jar that has to be fetched.

    Raises:
        JobError: no network, no such artifact, a folder that cannot be written, or bytes that differ from
            the list. What was fetched before stays usable.
    """
    wanted = tuple(wanted)
    missing = [jar for jar in wanted if not _is_whole(cache / jar.file_name, jar)]
    try:
        if missing:
            cache.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(cache)
        for number, jar in enumerate(missing, start=1):
            report(f"fetching {jar.coordinate} ({number} of {len(missing)})")
            _fill(jar, cache, fetch)
    except OSError as error:
        raise JobError(
            f"the jar folder {cache} cannot be filled ({error.strerror or error}): "
            "make room or set LAKEHOUSE_JARS to a folder that can be written"
        ) from error
    return tuple(cache / jar.file_name for jar in wanted)


def _fill(jar: Jar, cache: Path, fetch: Fetch) -> None:
    """Fetch into a folder of our own beside the target, verify, and move into place in one step."""
    with tempfile.TemporaryDirectory(dir=cache, prefix=FETCH_PREFIX, ignore_cleanup_errors=True) as folder:
        fetched = _fetched(jar, Path(folder), fetch)
        digest = _sha256(fetched)
        if digest != jar.sha256:
            raise JobError(
                f"{jar.coordinate} came with sha256 {digest}, but conf/{LIST_FILE} says {jar.sha256}: it was "
                "thrown away; try again, and if it repeats, do not trust the source it came from"
            )
        os.replace(fetched, cache / jar.file_name)


def _fetched(jar: Jar, folder: Path, fetch: Fetch) -> Path:
    """The downloaded file. What fails is tried again, each time in an empty folder, but for a bad disk."""
    for attempt in range(1, ATTEMPTS + 1):
        target = folder / str(attempt)
        target.mkdir()
        try:
            return fetch(jar, target)
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors, jgo's are RuntimeErrors
            if isinstance(error, OSError) and error.errno in DISK_ERRORS:
                raise
            failure = error
        time.sleep(attempt * RETRY_SECONDS)
    reason = "no answer" if isinstance(failure, OSError) else "not found"
    raise JobError(
        f"{jar.coordinate} could not be fetched ({reason}): connect to the network and try again, "
        f"or copy a filled jar folder to {folder.parent}"
    ) from failure


def _is_whole(path: Path, jar: Jar) -> bool:
    try:
        return _sha256(path) == jar.sha256
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _remove_abandoned(cache: Path) -> None:
    """Remove what killed processes left; the age spares the folders of those that fetch right now."""
    for folder in cache.glob(f"{FETCH_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime > ABANDONED_AFTER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
        except FileNotFoundError:
            continue  # its owner finished in between


def main(arguments: Sequence[str]) -> int:
    """Fetch every group; with `--class-path`, print the class path (for `spark-submit`)."""
    try:
        if "--class-path" in arguments:
            print(class_path())
            return 0
        files = jars(groups=ALL_GROUPS)
    except LakehouseError as error:
        _say(f"error: {error}")
        return error.exit_code
    print(f"{len(files)} jars in {cache_folder()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
