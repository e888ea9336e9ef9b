"""Credentials that a profile alone has are found by all three who ask the store: botocore, S3A and delta-rs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.ops.opening import opened
from lakehouse.sample import write_sample
from scripts.s3_server import environment
from tests.kills import PATIENCE, ROOT
from tests.spark.s3.conftest import in_use

PROFILE = "[retail]\naws_access_key_id = testing\naws_secret_access_key = testing\n"
CREDENTIALS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}


@pytest.fixture
def with_a_profile(address: str, bucket: str, home: Path, tmp_path: Path) -> dict[str, str]:
    """The variables of a process that has its credentials from a profile, and from nowhere else."""
    shared = tmp_path / "credentials"
    shared.write_text(PROFILE)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    of_bucket = {name: value for name, value in environment(address, bucket).items() if name not in CREDENTIALS}
    of_profile = {
        "AWS_PROFILE": "retail",
        "AWS_SHARED_CREDENTIALS_FILE": str(shared),
        "AWS_EC2_METADATA_DISABLED": "true",
        "LAKEHOUSE_HOME": str(home),
        "PYTHONPATH": str(ROOT),
    }
    return inherited | of_bucket | of_profile


def test_a_run_finds_its_credentials_in_a_profile(
    with_a_profile: dict[str, str], address: str, bucket: str, home: Path, tmp_path: Path
) -> None:
    (file,) = write_sample(tmp_path / "files", rows=200, days=1)
    asked = [sys.executable, "-m", "lakehouse.cli.main", "run", "--to", "silver", "--source", "superstore"]
    ran = subprocess.run(
        [*asked, str(file.path)], env=with_a_profile, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "WARN" not in ran.stderr
    with in_use(address, bucket, home) as lake:
        assert opened(lake, "silver.sales").count() == file.new > 0
