"""`make setup`: from a checkout to a working `.venv` with packages, the `lakehouse` command and the jars.

Flows in: the system's Python and Java, `requirements/dev.txt`, `conf/jars.yml`. Flows out: `.venv` and a
filled jar cache. Guaranteed: what is missing on the machine is said in one sentence before anything is
changed; an interrupted set-up is completed by the next; with nothing to do it takes about a second.
Runs with the standard library alone, and must at least parse on old Pythons, to be able to refuse them.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "lakehouse-setup.stamp"
LOG = VENV / "lakehouse-setup.log"
UNFINISHED = VENV / "lakehouse-setup.unfinished"
OLDEST_PYTHON = (3, 11)
NEWER_PYTHONS = ("python3.11", "python3.12", "python3.13")
NEEDED_BYTES = 3 * 1024**3
LOCK = ROOT / "requirements" / "dev.txt"

# What pip's output says when a common thing is wrong, and what the user is told then.
PIP_FAILURES = (
    (r"No space left on device|Disk quota exceeded", "the disk is full: make room"),
    (r"DO NOT MATCH THE HASHES", "a package differs from requirements/dev.txt: do not trust its source"),
    (
        r"NewConnectionError|NameResolutionError|Failed to establish|timed out|ConnectionResetError"
        r"|ProxyError|Network is unreachable|Connection broken",
        "the package index does not answer: connect to the network",
    ),
)


class SetupError(Exception):
    """What keeps the set-up from working: one sentence with the remedy."""


def python_or_newer(version=None, environment=None):
    """The path of a Python of at least 3.11: None for this one, else another one on the PATH."""
    version = tuple(version or sys.version_info)[:2]
    if version >= OLDEST_PYTHON:
        return None
    path = (environment or os.environ).get("PATH", "")
    question = "import sys; sys.exit(sys.version_info < (3, 11))"
    for name in NEWER_PYTHONS:
        found = shutil.which(name, path=path)
        # A version manager may have a stub of that name that only says how to install it: so it is run.
        if found and subprocess.call([found, "-c", question], stderr=subprocess.DEVNULL) == 0:
            return found
    raise SetupError(
        "Python 3.11 or newer is needed, but {} is {}.{}: install python3.11 or say which one to use with "
        "`make setup PYTHON=/path/to/python3`".format(sys.executable, *version)
    )


def check_room(folders, free=lambda folder: shutil.disk_usage(folder).free):
    """Refuse to begin an installation that would fill the disk half-way."""
    for folder in folders:
        if free(folder) < NEEDED_BYTES:
            raise SetupError(
                f"no disk space: {free(folder) / 1024**3:.1f} GB are free at {folder} and 3 GB are needed: "
                "make room, or set TMPDIR where the temporary folder is the small one"
            )


def check_venv_module():
    """Debian ships `venv` apart from Python."""
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(f"{sys.executable} cannot make virtual environments: install python3-venv")


def key():
    """What the environment was made from; another key means that it must be brought up to date."""
    digest = hashlib.sha256()
    for part in (LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), os.fsencode(str(ROOT))):
        digest.update(hashlib.sha256(part).digest())
    return "{} python {}.{}\n".format(digest.hexdigest(), *sys.version_info[:2])


def usable(python):
    """Whether `.venv` was made here (a copied one was not), has pip, and is of this Python version."""
    try:
        made_by = (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
        question = "import pip, sys; print(*sys.version_info[:2])"
        said = subprocess.run([python, "-c", question], capture_output=True, text=True, check=False).stdout
    except OSError:
        return False
    here = any(line.startswith("command") and line.endswith(f" {VENV}") for line in made_by.splitlines())
    return here and said.split() == [str(number) for number in sys.version_info[:2]]


def pip(*arguments):
    """Run pip in `.venv`: its words go to the log, one short line a package to the terminal."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", *arguments]
    environment = {"PIP_DEFAULT_TIMEOUT": "60", **os.environ, "PYTHONUNBUFFERED": "1"}
    said = []
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, **streams)
    with process, LOG.open("a", encoding="utf-8") as log:
        for line in process.stdout:
            log.write(line)
            said.append(line)
            if line.startswith(("Collecting ", "Building wheel", "Installing collected")):
                print("  " + line.split(" (from")[0].strip()[:100], flush=True)
    if process.returncode != 0:
        UNFINISHED.unlink(missing_ok=True)  # pip failed in good order: what it installed is whole
        raise SetupError(pip_failure("".join(said)))


def pip_failure(said):
    """One sentence for what pip said when it failed."""
    for pattern, reason in PIP_FAILURES:
        if re.search(pattern, said):
            return f"the packages could not be installed, {reason} and run `make setup` again (log: {LOG})"
    errors = re.findall(r"^\s*((?:\w+Error|ERROR): .+)$", said, re.MULTILINE)
    return f"the packages could not be installed: {errors[-1] if errors else 'pip failed'} (log: {LOG})"


def build():
    """Make `.venv`, or bring the one that is there up to date; the stamp comes last."""
    check_room({ROOT, Path(tempfile.gettempdir())})
    STAMP.unlink(missing_ok=True)
    # A pip that was killed may leave a package that looks installed and is not whole: then all is made anew.
    if UNFINISHED.exists() or not usable(VENV / "bin" / "python"):
        check_venv_module()
        print("making .venv", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    LOG.write_text("", encoding="utf-8")
    UNFINISHED.touch()
    print("installing the packages of requirements/dev.txt (the first time takes some minutes)", flush=True)
    pip("install", "--require-hashes", "-r", str(LOCK))
    pip("install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT))
    UNFINISHED.unlink()
    STAMP.write_text(key(), encoding="utf-8")


def check_java():
    """Refuse to go on without the Java that Spark needs."""
    sys.path.insert(0, str(ROOT))
    from lakehouse.errors import LakehouseError
    from lakehouse.runtime.java import check_java as check

    try:
        check()
    except LakehouseError as error:
        raise SetupError(str(error)) from error


def set_up():
    """All of it, in the order in which a person would want to hear what is missing."""
    check_java()
    new = not STAMP.is_file() or STAMP.read_text(encoding="utf-8") != key()
    if new:
        build()
    command = [str(VENV / "bin" / "python"), "-m", "lakehouse.runtime.jars"]
    fetched = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    if fetched.returncode != 0:
        sys.exit(fetched.returncode)  # it has said its sentence
    subprocess.run([str(VENV / "bin" / "python"), str(ROOT / "scripts" / "archive_classes.py")], cwd=ROOT, check=False)
    if new:
        print("ready: `source .venv/bin/activate` puts `lakehouse` on the path, `lakehouse doctor` checks this machine")


def main():
    """Run the set-up, with a newer Python where this one is too old."""
    try:
        other = python_or_newer()
        if other:
            os.execv(other, [other, str(Path(__file__).resolve())])
        set_up()
    except SetupError as error:
        sys.exit(f"setup: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"setup: {error.cmd[0]} failed with exit code {error.returncode}")
    except OSError as error:
        sys.exit(f"setup: {error.strerror or error} ({error.filename or ROOT}): make room or mend the folder")
    except KeyboardInterrupt:
        sys.exit("setup: interrupted; run `make setup` again")


if __name__ == "__main__":
    main()
