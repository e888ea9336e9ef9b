"""Credentials that a profile alone has, or a role, are found by all who ask the store: botocore, S3A and delta-rs.

As `dev` has it, so that intermediate results go to the bucket, too; its endpoint and bucket are the test's.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lakehouse.ops.opening import opened
from lakehouse.sample import write_sample
from scripts.s3_server import environment
from tests.kills import PATIENCE, ROOT
from tests.spark.s3.conftest import in_use

PROFILE = "[retail]\naws_access_key_id = testing\naws_secret_access_key = testing\n"
OF_DEV = {"KIND", "REGION", "TLS", "PATH_STYLE"}
"""What `dev` says itself."""


@pytest.fixture
def without_any(address: str, bucket: str, home: Path, tmp_path: Path) -> dict[str, str]:
    """The variables of a process in `dev` that is told of no credentials."""
    (nothing := tmp_path / "nothing").touch()
    said = {**os.environ, **environment(address, bucket), "LAKEHOUSE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    of_dev = {f"LAKEHOUSE_STORAGE__{name}" for name in OF_DEV}
    kept = {name: value for name, value in said.items() if not name.startswith("AWS_") and name not in of_dev}
    nowhere = {"AWS_CONFIG_FILE": str(nothing), "AWS_SHARED_CREDENTIALS_FILE": str(nothing)}
    return {**kept, **nowhere, "AWS_EC2_METADATA_DISABLED": "true", "LAKEHOUSE_ENV": "dev"}


class Role(BaseHTTPRequestHandler):
    """What Amazon's containers ask for the credentials of their role, which expire."""

    def do_GET(self) -> None:
        expires = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        given = {"AccessKeyId": "testing", "SecretAccessKey": "testing", "Token": "t", "Expiration": expires}
        body = json.dumps(given).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.asked_by.append(self.headers["User-Agent"])  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def role() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Role) as server:
        server.asked_by = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def lakehouse(environ: dict[str, str], *arguments: str) -> str:
    """What a command prints that ends well, and without a warning."""
    asked = [sys.executable, "-m", "lakehouse.cli.main", *arguments]
    ran = subprocess.run(asked, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "WARN" not in ran.stderr
    return ran.stdout


def runs(environ: dict[str, str], address: str, bucket: str, home: Path, files: Path) -> None:
    (file,) = write_sample(files, rows=200, days=1)
    lakehouse(environ, "run", "--to", "gold", "--source", "superstore", str(file.path))
    with in_use(address, bucket, home) as lake:
        assert opened(lake, "silver.sales").count() == opened(lake, "gold.fact_sales").count() == file.new > 0


def test_a_run_finds_its_credentials_in_a_profile(
    without_any: dict[str, str], address: str, bucket: str, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "credentials").write_text(PROFILE)
    profile = {"AWS_PROFILE": "retail", "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
    runs({**without_any, **profile}, address, bucket, home, tmp_path / "files")


def test_a_run_is_given_those_of_a_role(
    without_any: dict[str, str], address: str, bucket: str, home: Path, tmp_path: Path, role: ThreadingHTTPServer
) -> None:
    environ = {**without_any, "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{role.server_port}/role"}
    runs(environ, address, bucket, home, tmp_path / "files")
    assert "encryption" in lakehouse(environ, "doctor")
    asked_by = {str(agent).partition("/")[0] for agent in role.asked_by}  # type: ignore[attr-defined]
    assert asked_by == {"python-urllib3", "aws-sdk-java", "aws-sdk-cpp", "None"}  # the last is delta-rs
