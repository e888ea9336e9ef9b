"""A disk so small that it can be filled: a file system in memory, for the length of a `with` block.

A folder and a size flow in; the folder is that disk. Mounting takes root, or sudo that does not ask.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount it; where that is not allowed the test is skipped, but in CI it fails."""
    folder.mkdir(parents=True)
    as_root = [] if os.getuid() == 0 else ["sudo", "-n"]
    mounted = _run([*as_root, "mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", str(folder)])
    if mounted:
        reason = f"needs the right to mount a file system in memory: {mounted}"
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield folder
    finally:
        _run([*as_root, "umount", "--lazy", str(folder)])


def _run(command: list[str]) -> str:
    """What the command complains of; empty where it is done."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip() or str(done.returncode)
