"""`make demo-s3` holds what it shows, asks the S3 that it serves, and serves it no longer than it runs."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.kills import PATIENCE, ROOT, environment

pytestmark = [pytest.mark.spark, pytest.mark.soak, pytest.mark.timeout(900)]


def test_the_demo_in_a_bucket_holds(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.demo_s3"],
        cwd=ROOT, env=environment(tmp_path / "a home"), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "every promise holds" in done.stdout
    assert re.search(r"The store was asked [1-9],\d{3} times: \d+ get", done.stdout)
    served = re.search(r"served at (http://127\.0\.0\.1:\d+)", done.stdout)
    assert served is not None
    with pytest.raises(URLError, match="refused"):
        urlopen(served[1])
    assert not [path for path in (tmp_path / "a home").rglob("*.parquet") if "demo/bronze" in str(path)]
