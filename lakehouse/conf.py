"""Where `conf/` is: `LAKEHOUSE_CONF`, else beside the package (a checkout), else inside it (a wheel, a zip).

In: the place this module was loaded from, and one environment variable. Out: a folder on disk. From
`lakehouse.zip` (spark-submit --py-files) the files are unpacked once a process, and removed at its end.
"""

import atexit
import os
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from lakehouse.errors import UsageError

PACKAGE = Path(__file__).resolve().parent
SHIPPED = "_conf"
MARK = "jars.yml"


def conf_folder(package: Path = PACKAGE) -> Path:
    """The folder that holds `contracts/`, `sources/`, `environments/` and `jars.yml`.

    Raises:
        UsageError: `LAKEHOUSE_CONF` names no such folder, or there is none where the package is.
    """
    if (given := folder_named("LAKEHOUSE_CONF")) is not None:
        if not (given / MARK).is_file():
            raise UsageError(f"LAKEHOUSE_CONF is {given}, but {MARK} is not there: name a copy of conf/")
        return given
    for folder in (package.parent / "conf", package / SHIPPED):
        if (folder / MARK).is_file():
            return folder
    if zipfile.is_zipfile(package.parent):
        return _unpacked(package.parent)
    raise UsageError(f"there is no configuration beside {package}: set LAKEHOUSE_CONF to a copy of conf/")


def folder_named(variable: str) -> Path | None:
    """The folder that an environment variable names, `~` being a home folder; None where it names none.

    Raises:
        UsageError: `~` stands before a user that there is not.
    """
    given = os.environ.get(variable, "").strip()
    try:
        return Path(given).expanduser().absolute() if given else None
    except RuntimeError as error:
        raise UsageError(f"{variable} is {given}, but there is no such user: write the folder out") from error


@cache
def _unpacked(archive: Path) -> Path:
    """The configuration of this zip, as a folder that lives as long as the process."""
    target = Path(tempfile.mkdtemp(prefix="lakehouse-conf-"))
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if name.startswith(f"lakehouse/{SHIPPED}/")]
        opened.extractall(target, members=names)
    if not (target / "lakehouse" / SHIPPED / MARK).is_file():
        raise UsageError(f"{archive} holds no lakehouse/{SHIPPED}: build it with `make package`")
    return target / "lakehouse" / SHIPPED
