"""Processes of their own that take the lease of a table and tell what becomes of it."""

import subprocess
import sys
import textwrap
from pathlib import Path

TABLE = "silver.sales"
BUCKET = "lake"
"""Where leases in S3 are, in the store that this process serves (see `store` in conftest.py)."""
PATIENCE = 60.0

HOLD = """
    from lakehouse.runtime.leases import lease
    with lease(root, table, say=lambda line: print(line, flush=True)) as held:
        jvm = int(argument) if argument else None
        held.guard(jvm)
        print("held", flush=True)
        input()
"""
"""Takes the lease, guards the process named by its argument, and holds it until a line comes in."""


def process(code: str, root: Path, argument: str = "") -> subprocess.Popen[str]:
    opening = f"import sys\nroot, table, argument = {str(root)!r}, {TABLE!r}, {argument!r}\n"
    return subprocess.Popen(
        [sys.executable, "-c", opening + textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line(of: subprocess.Popen[str]) -> str:
    assert of.stdout is not None
    return of.stdout.readline().strip()


def let_go(holder: subprocess.Popen[str]) -> None:
    holder.communicate("\n", timeout=PATIENCE)


def owner_file(root: Path) -> Path:
    return root / "leases" / f"{TABLE}.lock"
