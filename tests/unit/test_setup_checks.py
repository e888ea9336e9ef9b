"""What `make setup` says of a machine on which it cannot work: one clear sentence, and nothing changed."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.errors import UsageError
from lakehouse.runtime.java import check_java, find_java

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "setup.py"


@pytest.fixture(scope="module")
def setup():
    spec = importlib.util.spec_from_file_location("setup_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def java_of(path: Path, version: str) -> Path:
    return program(path, f"echo 'openjdk version \"{version}\" 2025-04-15' >&2")


def test_java_17_is_found_through_java_home_before_the_path(tmp_path):
    seventeen = java_of(tmp_path / "a java" / "bin" / "java", "17.0.15")
    java_of(tmp_path / "path" / "java", "21.0.2")
    found = check_java({"JAVA_HOME": str(tmp_path / "a java"), "PATH": str(tmp_path / "path")})
    assert found == seventeen


def test_java_17_is_found_on_the_path(tmp_path):
    assert check_java({"PATH": str(java_of(tmp_path / "java", "17").parent)}) == tmp_path / "java"


@pytest.mark.parametrize(("version", "major"), [("1.8.0_402", 8), ("11.0.2", 11), ("21.0.2", 21), ("25-ea", 25)])
def test_another_java_is_refused_and_both_versions_are_named(tmp_path, version, major):
    java = java_of(tmp_path / "java", version)
    with pytest.raises(UsageError, match=rf"^Java 17 is needed, but {java} is Java {major}: install Java 17"):
        check_java({"PATH": str(tmp_path)})


def test_no_java_is_one_sentence_with_the_remedy():
    with pytest.raises(UsageError, match=r"^Java is missing: install Java 17 .* or set JAVA_HOME to one$"):
        find_java({"PATH": "/nowhere"})


def test_a_java_home_without_java_is_not_skipped(tmp_path):
    java_of(tmp_path / "java", "17")
    with pytest.raises(UsageError, match="JAVA_HOME is /nowhere"):
        find_java({"JAVA_HOME": "/nowhere", "PATH": str(tmp_path)})


def test_a_java_that_cannot_start_is_refused(tmp_path):
    program(tmp_path / "java", "exit 1")
    with pytest.raises(UsageError, match="does not say its version: install Java 17"):
        check_java({"PATH": str(tmp_path)})


def test_an_old_python_looks_for_a_newer_one_and_skips_stubs(setup, tmp_path):
    program(tmp_path / "python3.11", "exit 127")
    newer = program(tmp_path / "python3.12", "exit 0")
    assert setup.python_or_newer((3, 9), {"PATH": str(tmp_path)}) == str(newer)
    assert setup.python_or_newer((3, 14), {"PATH": str(tmp_path)}) is None


def test_an_old_python_without_a_newer_one_is_refused(setup):
    with pytest.raises(setup.SetupError, match=r"Python 3.11 or newer is needed, but .* is 3\.9: install"):
        setup.python_or_newer((3, 9), {"PATH": "/nowhere"})


def test_too_little_room_is_refused_with_the_place_and_the_need(setup, tmp_path):
    with pytest.raises(setup.SetupError, match=rf"^no disk space: 1\.0 GB are free at {tmp_path} and 3 GB"):
        setup.check_room([tmp_path], free=lambda folder: 1024**3)
    setup.check_room([tmp_path], free=lambda folder: 4 * 1024**3)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "WARNING: ... NewConnectionError ... Network is unreachable",
            "does not answer: connect to the network",
        ),
        ("ERROR: [Errno 28] No space left on device", "the disk is full: make room"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM ...", "do not trust its source"),
        (
            "      OSError: Readme file does not exist\nerror: metadata-generation-failed",
            "OSError: Readme file",
        ),
        ("", "pip failed"),
    ],
)
def test_what_pip_says_becomes_one_sentence(setup, said, sentence):
    told = setup.pip_failure(said)
    assert sentence in told
    assert "\n" not in told
    assert told.endswith(f"(log: {setup.LOG})")


def test_an_environment_made_elsewhere_is_not_used(setup, tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "VENV", tmp_path / "copy of" / ".venv")
    setup.VENV.mkdir(parents=True)
    (setup.VENV / "pyvenv.cfg").write_text(f"command = python3 -m venv {tmp_path}/.venv\n")
    assert not setup.usable(sys.executable)
    (setup.VENV / "pyvenv.cfg").write_text(f"command = python3 -m venv {setup.VENV}\n")
    assert setup.usable(sys.executable)
    assert not setup.usable(tmp_path / "missing")


@pytest.fixture
def built(setup, tmp_path, monkeypatch):
    """Runs `build` in an empty place, without venv and pip; gives the commands that make an environment."""
    for name in ("STAMP", "LOG", "UNFINISHED"):
        monkeypatch.setattr(setup, name, tmp_path / name)
    monkeypatch.setattr(setup, "usable", lambda python: True)
    monkeypatch.setattr(setup, "check_room", lambda folders: None)
    made: list[list[str]] = []
    monkeypatch.setattr(setup.subprocess, "run", lambda command, **_: made.append(command))

    def build(pip):
        made.clear()
        monkeypatch.setattr(setup, "pip", pip)
        setup.build()
        return made

    return build


def test_an_environment_that_pip_was_killed_in_is_made_anew(setup, built):
    def killed(*arguments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        built(killed)
    assert not setup.STAMP.exists()
    assert built(lambda *arguments: None)[0][1:4] == ["-m", "venv", "--clear"]
    assert setup.STAMP.read_text() == setup.key()
    assert built(lambda *arguments: None) == [], "a whole environment is brought up to date in place"


def test_what_comes_next_is_said_once(setup, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(setup, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(setup, "check_java", lambda: None)
    monkeypatch.setattr(setup, "build", lambda: setup.STAMP.write_text(setup.key()))
    monkeypatch.setattr(setup.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0))
    setup.set_up()
    assert capsys.readouterr().out.startswith("ready: `source .venv/bin/activate`")
    setup.set_up()
    assert capsys.readouterr().out == ""


def test_the_script_ends_with_one_sentence_and_no_traceback(tmp_path):
    environment = {"PATH": str(tmp_path), "HOME": os.environ.get("HOME", "/")}
    ended = subprocess.run([sys.executable, SCRIPT], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert ended.stdout == ""
    assert ended.stderr.startswith("setup: Java is missing: install Java 17")
    assert ended.stderr.count("\n") == 1


def test_bare_make_lists_each_target_with_its_intent():
    listed = subprocess.run(["make", "-C", ROOT, "--no-print-directory"], capture_output=True, text=True, check=True)
    intents = dict(line.split(maxsplit=1) for line in listed.stdout.splitlines())
    assert {"setup", "test", "lint", "bench", "soak", "package"} <= set(intents)


def test_the_locks_pin_every_package_by_hash_and_name_no_index():
    for lock in (ROOT / "requirements").glob("*.txt"):
        lines = [line for line in lock.read_text().splitlines() if line and not line.startswith("#")]
        packages = [i for i, line in enumerate(lines) if not line.startswith(" ")]
        assert all("==" in lines[i] and lines[i + 1].lstrip().startswith("--hash=sha256:") for i in packages)
        assert not any(word in line for line in lines for word in ("://", "--index", "--extra", "--find-links"))
