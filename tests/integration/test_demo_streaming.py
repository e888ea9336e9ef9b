"""`make demo-streaming` holds what it shows, also the second time, and leaves no broker behind."""

import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.streams import broker
from tests.kills import PATIENCE, ROOT, environment

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]


def test_the_demo_of_the_stream_holds(tmp_path: Path) -> None:
    home = tmp_path / "a home"
    done = subprocess.run(
        [sys.executable, "-m", "scripts.demo_streaming"],
        cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert broker.running(str(home / "demo-streaming")) is None
    assert (home / "demo-streaming" / "oracle.jsonl").stat().st_size > 0
