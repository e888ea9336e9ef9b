"""Objects below `bronze` as tests break them, and what `audit bronze` says of them."""

import json
from pathlib import Path
from typing import Any

from lakehouse.bronze.ledger import Landing
from lakehouse.care.audit import Audit
from lakehouse.runtime.lake import Lake
from tests.kills import ended
from tests.unit.calls import Command

FINDINGS = ("missing", "changed", "unknown", "interrupted")


def counts(found: Audit) -> dict[str, int]:
    """How often each finding was made, where it was."""
    return {name: len(getattr(found, name)) for name in FINDINGS if getattr(found, name)}


def object_of(lake: Lake, one: Landing) -> Path:
    return Path(lake.object(one.path))


def stray(lake: Lake, path: str = "superstore/year=2024/month=01/day=01/stray.csv") -> Path:
    """An object that nobody recorded."""
    there = Path(lake.root, "bronze", path)
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_bytes(b"stray")
    return there


def files_of(lake: Lake) -> dict[str, tuple[bytes, int]]:
    """Every file of the lakehouse, with its bytes and when it was written."""
    below = (path for path in Path(lake.root).rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in below}


def killed(lake: Lake, file: Path, point: str) -> None:
    assert ended(Path(lake.root), "land", "--source", "superstore", str(file), LAKEHOUSE_KILL_AT=point).returncode < 0


def told(lakehouse: Command, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = lakehouse("audit", "bronze", "--json", *arguments)
    return done.code, json.loads(done.out)
